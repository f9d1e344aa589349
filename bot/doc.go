// Package bot is the Slack edge: it verifies and decodes what Slack delivers, hands it
// to the commands, renders neutral messages as Block Kit, and posts them at a pace that
// Slack accepts.
//
// The way in is the same for Socket Mode and HTTP: verify, decode to a delivery, run it.
// A stop runs first and is acknowledged beside it; everything else is claimed durably,
// acknowledged, worked and finished. The way out goes through one pacer, pages first.
//
// Foreign text — alert summaries, reasons, names — can never become markup. Paragraphs
// and fixed-width lines are rich_text blocks, whose text Slack shows as it is. The few
// places that take only mrkdwn (facts, footer, the fallback text) are escaped, sent
// verbatim so that nothing is linked by itself, and turned to plain text when a value
// holds characters that would format it. Mentions come only from mention spans with a
// well-formed ID, links only from link spans with an http or https URL.
package bot

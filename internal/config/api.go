package config

import "tagout"

type apiSection struct {
	Tokens []tokenSection `yaml:"tokens" doc:"The programs, each with its token."`
}

type tokenSection struct {
	Name  string         `yaml:"name" need:"true" doc:"How the timeline calls the program."`
	Token string         `yaml:"token" need:"true" doc:"The bearer token; empty turns the entry off."`
	May   []tagout.Right `yaml:"may" need:"true" allow:"stop,read,report,rollback,drill" doc:"stop: kill, pause, hold; read: every GET; report: alerts, failures, changes; rollback: back to earlier versions; drill: practise on a canary."`
}

// Token is a program that may use the API.
type Token struct {
	Name  string
	Token string // secret, never empty
	May   []tagout.Right
}

func (b *builder) api() {
	names, tokens := map[string]bool{}, map[string]bool{}
	for i, t := range b.doc.API.Tokens {
		p := path{}.key("api").key("tokens").item(i)
		b.fresh(p.key("name"), t.Name, names)
		if b.empty(p.key("may"), len(t.May)) {
			b.fail(p.key("may"), "Write some of [stop, read, report, rollback, drill].", "The token may do nothing.")
		}
		if t.Token == "" {
			if b.nodes[p.key("token").name] != nil {
				b.notice(p, b.plain(p.key("name"), t.Name), "off, because its token is empty")
			}
			continue
		}
		if tokens[t.Token] {
			b.fail(p.key("token"), "Give each program a token of its own.", "Another entry has the same token.")
		}
		tokens[t.Token] = true
		b.cfg.Tokens = append(b.cfg.Tokens, Token(t))
	}
}

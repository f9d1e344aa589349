package store

import (
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

func TestWhatIsOnlyToldGivesWayToPages(t *testing.T) {
	t.Parallel()
	begun := func(t *testing.T, p *precedence, kind tagout.EffectKind) *time.Duration {
		began, after := time.Now(), time.Duration(-1)
		go func() {
			done := p.enter(t.Context(), kind)
			after = time.Since(began)
			done()
		}()
		return &after
	}
	for name, story := range map[string]func(t *testing.T, p *precedence){
		"while one is sent": func(t *testing.T, p *precedence) {
			sent := p.enter(t.Context(), tagout.EffectSend)
			told, clock := begun(t, p, tagout.EffectPost), begun(t, p, tagout.EffectDeadline)
			time.Sleep(stillWorks / 2)
			synctest.Wait()
			if *told >= 0 || *clock != 0 {
				t.Errorf("while a page was sent a note was told after %s, a clock rang after %s", *told, *clock)
			}
			sent()
			time.Sleep(time.Second)
			synctest.Wait()
			if wait := stillWorks/2 + stillUrgent; *told < wait || *told > wait+2*lookAgain {
				t.Errorf("the note was told after %s", *told)
			}
		},
		"but not while a pager keeps one waiting": func(t *testing.T, p *precedence) {
			defer p.enter(t.Context(), tagout.EffectSend)()
			told := begun(t, p, tagout.EffectOpenChannel)
			time.Sleep(time.Second)
			synctest.Wait()
			if *told < stillWorks || *told > stillWorks+2*lookAgain {
				t.Errorf("the channel was opened after %s", *told)
			}
		},
		"when one was queued": func(t *testing.T, p *precedence) {
			p.queued([]tagout.Effect{{Kind: tagout.EffectPost}, {Kind: tagout.EffectPage}})
			told := begun(t, p, tagout.EffectAnnounce)
			time.Sleep(time.Second)
			synctest.Wait()
			if *told < stillUrgent {
				t.Errorf("it was told after %s", *told)
			}
		},
		"but not for ever": func(t *testing.T, p *precedence) {
			var told *time.Duration
			for n := range 3 * giveWayFor / stillWorks { // a storm: they come and come
				defer p.enter(t.Context(), tagout.EffectContain)()
				if n == 0 {
					told = begun(t, p, tagout.EffectOpenChannel)
				}
				time.Sleep(stillWorks / 2)
			}
			synctest.Wait()
			if *told < giveWayFor || *told > giveWayFor+2*lookAgain {
				t.Errorf("it was told after %s", *told)
			}
		},
		"and at once if there is none": func(t *testing.T, p *precedence) {
			p.queued([]tagout.Effect{{Kind: tagout.EffectPost}})
			told := begun(t, p, tagout.EffectPost)
			synctest.Wait()
			if *told != 0 {
				t.Errorf("it was told after %s", *told)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { story(t, &precedence{}) })
		})
	}
}

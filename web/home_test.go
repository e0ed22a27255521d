package web

import (
	"testing"
	"time"

	"actnow"
	"actnow/campaigns"
)

func TestNextToGoOut(t *testing.T) {
	text := newText(t, "en", nil)
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	campaign := func(id actnow.CampaignID, state actnow.CampaignState, line string, day int) campaigns.Campaign {
		var c campaigns.Campaign
		c.ID, c.State, c.Line, c.Zone = id, state, line, "UTC"
		if day > 0 {
			c.At = time.Date(2026, 12, day, 9, 0, 0, 0, time.UTC)
		}
		return c
	}
	draft := campaign(1, actnow.CampaignDraft, "", 1)
	dated := campaign(2, actnow.CampaignScheduled, "", 20)
	monthly := campaign(3, actnow.CampaignScheduled, "0 9 26 * *", 0)
	between := campaign(4, actnow.CampaignSending, "0 9 5 * *", 0)
	sending := campaign(5, actnow.CampaignSending, "", 2)
	paused := campaign(6, actnow.CampaignPaused, "0 9 1 * *", 0)
	for name, tt := range map[string]struct {
		all  []campaigns.Campaign
		want string
	}{
		"none goes out":                {[]campaigns.Campaign{draft, sending, paused}, ""},
		"by its line":                  {[]campaigns.Campaign{draft, monthly}, "/campaigns/3 2026-12-26"},
		"by its day, before a line":    {[]campaigns.Campaign{monthly, dated}, "/campaigns/2 2026-12-20"},
		"between the runs of its line": {[]campaigns.Campaign{monthly, dated, between}, "/campaigns/4 2026-12-05"},
	} {
		got := ""
		if next := nextToGo(text, tt.all, now); next != nil {
			got = next.Href + " " + next.At.Format(time.DateOnly)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

package campaigns

import (
	"time"

	"actnow"
)

// Run is one launch of a campaign, with whom it froze. The counts are those
// within the scope of who asks.
type Run struct {
	ID         actnow.CampaignRun
	Period     string // of its schedule, "" for a single send
	LaunchedAt time.Time
	FinishedAt time.Time // zero while something is left to send
	Audience   int       // contacts who are mailed
	LeftOut    map[LeftOut]int
}

// Lines returns how many lines the frozen audience has: everybody who is mailed
// and everybody who is left out.
func (r Run) Lines() int {
	n := r.Audience
	for _, k := range r.LeftOut {
		n += k
	}
	return n
}

package scoring

import (
	"context"
	"math"
	"slices"
	"strconv"
)

// DemandReport says how well amounts of held-out peers were foretold.
type DemandReport struct {
	Currency string   `json:"currency"`
	Peers    int      `json:"peers"`
	Model    string   `json:"model"`              // "peers", "ridge", or "list" if there are too few
	Judged   int      `json:"judged"`             // peers foretold from the others
	Coverage *float64 `json:"coverage,omitempty"` // share of them from P10 to P90; .8 is promised
	Below    *float64 `json:"below,omitempty"`    // share of them below P50
	Total    *float64 `json:"total,omitempty"`    // sum of what was expected of them, per sum of what they pay
	Loss     *float64 `json:"loss,omitempty"`     // pinball loss of the three quantiles of the logarithm
	Other    *float64 `json:"other,omitempty"`    // that of the model that was not taken
}

// learnDemand learns from peers, who are in order of their ids, in the way that
// foretells held-out peers better.
func learnDemand(ctx context.Context, peers []peer) (*demand, DemandReport, error) {
	rep := DemandReport{Model: "list", Peers: len(peers)}
	if len(peers) < fewestPeers {
		return nil, rep, nil
	}
	if share := float64(maxPeers) / float64(len(peers)); share < 1 {
		peers = slices.DeleteFunc(slices.Clone(peers), func(p peer) bool { return !drawPeers.sampled(p.customer, share) })
	}
	plain, err := judgeDemand(ctx, peers, false)
	if err != nil {
		return nil, rep, err
	}
	plain.Peers, plain.Model = rep.Peers, "peers"
	rep = plain
	if len(peers) >= 2*fewestPeers {
		ridge, err := judgeDemand(ctx, peers, true)
		if err != nil {
			return nil, rep, err
		}
		ridge.Peers, ridge.Model = rep.Peers, "ridge"
		rep.Other = ridge.Loss
		if plain.Loss == nil || ridge.Loss != nil && *ridge.Loss < 0.98*(*plain.Loss) {
			rep, rep.Other = ridge, plain.Loss
		}
	}
	d, err := newDemand(ctx, peers, rep.Model == "ridge")
	return d, rep, err
}

// judgeDemand foretells each fifth of the peers from the others.
func judgeDemand(ctx context.Context, peers []peer, regress bool) (DemandReport, error) {
	f := &frame{ids: make([]string, len(peers))}
	for i, p := range peers {
		f.ids[i] = strconv.FormatInt(int64(p.customer), 10)
	}
	var rep DemandReport
	var covered, below, expected, paid, loss float64
	for _, part := range folds(f, places(len(peers))) {
		others := make([]peer, len(part.train))
		for i, k := range part.train {
			others[i] = peers[k]
		}
		d, err := newDemand(ctx, others, regress)
		if err != nil {
			return rep, err
		}
		for _, k := range part.test {
			s, ok := d.like(peers[k].customer, &peers[k].traits)
			if !ok {
				continue
			}
			y := peers[k].amount
			rep.Judged++
			if s.p10 <= y && y <= s.p90 {
				covered++
			}
			if y < s.p50 {
				below++
			}
			expected, paid = expected+s.mean, paid+y
			for _, q := range []struct{ p, v float64 }{{0.1, s.p10}, {0.5, s.p50}, {0.9, s.p90}} {
				e := math.Log(y) - math.Log(q.v)
				loss += max(q.p*e, (q.p-1)*e)
			}
		}
	}
	if n := float64(rep.Judged); n > 0 {
		covered, below, loss, expected = covered/n, below/n, loss/n, expected/paid
		rep.Coverage, rep.Below, rep.Loss, rep.Total = &covered, &below, &loss, &expected
	}
	return rep, nil
}

package scoring

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"actnow"
)

// The peers that a range of amounts rests on at least. Beside a regression, which
// tells where the amounts lie, more of them who are less alike tell better how far
// they lie apart, if there are so many.
const (
	fewestPeers   = 10
	fewestBesides = 30
)

// maxPeers are learned from; of more, a share is.
const maxPeers = 10_000

// peer is a customer that pays in an area, and how much a year, in minor units.
type peer struct {
	customer actnow.CustomerID
	traits   kin
	amount   float64
}

// demand is what customers pay a year in one area and currency. Amounts are
// logarithms here: a center, which is 0 or a regression's, and how far the amounts
// of peers lie from theirs.
type demand struct {
	peers    []peer // by customer
	features []Feature
	ridge    *ridge    // nil: the amounts of the peers alone
	low, top float64   // centers learned from
	centers  []float64 // of each peer, as told by the others
	at       map[actnow.CustomerID]int
	strata   map[actnow.Likeness]map[string]*stratum
}

// stratum is the distances of peers that are alike, in order, and their factor from
// a center to a mean.
type stratum struct {
	distances []distance
	smearing  float64
}

type distance struct {
	value    float64
	customer actnow.CustomerID
}

func compareDistances(a, b distance) int {
	return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.customer, b.customer))
}

// spread is what customers like one pay: three quantiles and the mean.
type spread struct {
	p10, p50, p90, mean float64
	peers               int
	alike               actnow.Likeness
}

// newDemand learns from peers, who are in order of their ids.
func newDemand(ctx context.Context, peers []peer, regress bool) (*demand, error) {
	d := &demand{peers: peers, at: make(map[actnow.CustomerID]int, len(peers)), centers: make([]float64, len(peers)), strata: map[actnow.Likeness]map[string]*stratum{}}
	for i, p := range peers {
		d.at[p.customer] = i
	}
	if regress {
		if err := d.regress(ctx); err != nil {
			return nil, err
		}
	}
	for _, way := range likenesses {
		d.strata[way] = map[string]*stratum{}
		for i, p := range peers {
			name := p.traits.stratum(way)
			if name == "" {
				continue
			}
			s := d.strata[way][name]
			if s == nil {
				s = &stratum{}
				d.strata[way][name] = s
			}
			s.distances = append(s.distances, distance{d.distance(i), p.customer})
		}
		for _, s := range d.strata[way] {
			slices.SortFunc(s.distances, compareDistances)
			for _, x := range s.distances {
				s.smearing += math.Exp(x.value) / float64(len(s.distances))
			}
		}
	}
	return d, nil
}

// distance is how far the amount of a peer lies from its center.
func (d *demand) distance(i int) float64 { return math.Log(d.peers[i].amount) - d.centers[i] }

// regress learns the centers by ridge regression: of each peer from the other folds.
func (d *demand) regress(ctx context.Context) error {
	seen, rows := newSheet(""), make([]line, len(d.peers))
	for i := range d.peers {
		rows[i] = seen.add(d.peers[i].traits.observe())
	}
	d.features = featuresOf(rows)
	f := frameOf(d.features, rows)
	for i, p := range d.peers {
		f.ids[i] = strconv.FormatInt(int64(p.customer), 10)
	}
	y := func(row int) float64 { return math.Log(d.peers[row].amount) }
	centers := make([][]float64, len(ridgeStrengths))
	for k := range centers {
		centers[k] = make([]float64, len(d.peers))
	}
	for _, part := range folds(f, places(len(d.peers))) {
		if err := ctx.Err(); err != nil {
			return err
		}
		model, gram, moments := newRidge(f, part.train, nil, y)
		for k, strength := range ridgeStrengths {
			if !model.solve(gram, moments, strength, len(part.train)) {
				return errSingular
			}
			for i, v := range model.values(f, part.test) {
				centers[k][part.test[i]] = v
			}
		}
	}
	best, least := 0, math.Inf(1)
	for k := range ridgeStrengths {
		loss := 0.0
		for i, v := range centers[k] {
			loss += (v - y(i)) * (v - y(i))
		}
		if loss < least {
			best, least = k, loss
		}
	}
	model, gram, moments := newRidge(f, places(len(d.peers)), nil, y)
	if !model.solve(gram, moments, ridgeStrengths[best], len(d.peers)) {
		return errSingular
	}
	d.ridge, d.low, d.top = model, math.Inf(1), math.Inf(-1)
	for i := range d.peers {
		d.low, d.top = min(d.low, y(i)), max(d.top, y(i))
	}
	for i, v := range centers[best] {
		d.centers[i] = d.within(v)
	}
	return nil
}

// within keeps a center in the range of amounts learned from.
func (d *demand) within(v float64) float64 { return min(max(v, d.low), d.top) }

// center is where the amounts of customers like this one lie.
func (d *demand) center(t *kin) float64 {
	if d.ridge == nil {
		return 0
	}
	return d.within(d.ridge.values(frameOf(d.features, []line{newSheet("").add(t.observe())}), []int{0})[0])
}

// like returns what customers like this one pay, which is not among them itself. ok
// is false if there are not enough.
func (d *demand) like(id actnow.CustomerID, t *kin) (out spread, ok bool) {
	i, among := d.at[id]
	enough := fewestPeers
	if d.ridge != nil {
		enough = fewestBesides
	}
	for _, way := range likenesses {
		s := d.strata[way][t.stratum(way)]
		if s == nil {
			continue
		}
		skip, n := len(s.distances), len(s.distances)
		if among {
			skip, n = s.find(distance{d.distance(i), id}), n-1
		}
		if n < enough && (way != actnow.AlikeArea || n < fewestPeers) {
			continue
		}
		center := 0.0
		if among {
			center = d.centers[i]
		} else {
			center = d.center(t)
		}
		at := func(p float64) float64 { return math.Exp(center + s.quantile(p, skip, n)) }
		return spread{p10: at(0.1), p50: at(0.5), p90: at(0.9), mean: math.Exp(center) * s.smearing, peers: n, alike: way}, true
	}
	return spread{}, false
}

// find returns the place of a distance.
func (s *stratum) find(x distance) int {
	i, _ := slices.BinarySearchFunc(s.distances, x, compareDistances)
	return i
}

// quantile returns the quantile p of n distances, all but the one at skip: the
// (n+1)p-th in order, between neighbours if need be. One more amount, drawn as these
// were, lies below it with the chance p: this is split conformal prediction.
func (s *stratum) quantile(p float64, skip, n int) float64 {
	value := func(k int) float64 { // the k-th, from 1
		if k-1 >= skip {
			k++
		}
		return s.distances[k-1].value
	}
	h := min(max(p*float64(n+1), 1), float64(n))
	low := math.Floor(h)
	v := value(int(low))
	if h > low {
		v += (h - low) * (value(int(low)+1) - v)
	}
	return v
}

package scoring

import (
	"context"
	"encoding/binary"
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// block is a group of parameters under one penalty: the bins of a feature, the cells
// of a pair of features, or the slopes of straight parts.
type block struct {
	offset, size int
	penalty      [][]float64
	strength     float64 // lambda: the larger, the flatter
	spread       float64 // variance of the effects that a strength of 1 expects; 0 if any is as likely
	step         float64 // last change of the strength, as a logarithm
	asleep       bool    // held at zero: the data want it flat
}

// design is what a fit sees: for each row the parameter that each block of bins or
// cells turns on, where it lies along straight parts, an outcome and a weight.
type design struct {
	blocks  []block
	active  []uint8   // row-major: rows × blocks of bins or cells, counted within the block
	along   []float64 // row-major: rows × slopes, what each is multiplied by
	slopes  int       // parameters of the last block; 0 if it is one of bins or cells too
	outcome []float64
	weight  []float64
	numbers bool // outcomes are numbers under a normal law, not 0 or 1
}

// fitted are the effects that a fit found, by block.
type fitted struct {
	intercept float64
	effects   [][]float64
	strengths []float64 // +Inf of a block that was put to sleep
	variance  float64   // of the outcome around the fit; of numbers only
}

const (
	flattest   = 1e6
	loosest    = 1e-2
	nothing    = 0.05 // degrees of freedom below which a block is put to sleep
	fitRounds  = 30
	firstTry   = 20.0
	stiff      = 500.0 // where a block begins that was flat in an earlier fit
	maxLogOdds = 13.0  // beyond it a probability says nothing more

	likelySpread = 2.0 // log-odds: about how far the effects of a feature spread
)

var errSingular = errors.New("the equations have no solution")

// fit finds effects that are likely and no rougher than the data ask for. The
// effects solve penalised likelihood equations by Newton steps; between steps
// the strength of each block is moved towards its largest marginal likelihood
// by the update of Wood and Fasiolo, "A generalized Fellner-Schall method for
// smoothing parameter optimization" (2017). A block that explains nothing
// becomes flat and is left out. Sums run in fixed order: the same rows give the
// same effects.
//
// start, if not nil, gives the strengths to begin with; +Inf leaves a block out.
func (d *design) fit(ctx context.Context, start []float64) (fitted, error) {
	blocks := make([]block, len(d.blocks))
	copy(blocks, d.blocks)
	for k := range blocks {
		blocks[k].strength = firstTry
		if d.numbers {
			blocks[k].spread = 0 // they have a unit of their own
		}
		if k < len(start) && start[k] > 0 {
			blocks[k].strength, blocks[k].asleep = min(start[k], flattest), math.IsInf(start[k], 1)
		}
	}
	f := fitted{variance: 1}
	f.intercept, f.variance = d.average()
	merged := d.merged()
	var beta []float64 // of the blocks awake, in order, then the intercept
	layout(blocks)
	beta = make([]float64, total(blocks)+1)
	beta[len(beta)-1] = f.intercept
	cells := make([]float64, len(beta)*len(beta)) // of the equations; they only become fewer
	var chol mat.Cholesky
	for range fitRounds {
		if err := ctx.Err(); err != nil {
			return fitted{}, err
		}
		h, g, rss := merged.equations(blocks, beta, f.variance, cells)
		addPenalties(h, blocks)
		if !chol.Factorize(h) {
			return fitted{}, errSingular
		}
		next := mat.NewVecDense(len(beta), nil)
		if err := chol.SolveVecTo(next, mat.NewVecDense(len(beta), g)); err != nil && !finite(next.RawVector().Data) {
			return fitted{}, errSingular
		}
		moved := 0.0
		for i, v := range next.RawVector().Data {
			moved = max(moved, math.Abs(v-beta[i]))
		}
		if moved > 5 { // from far away, a full step may overshoot
			for i, v := range next.RawVector().Data {
				beta[i] += (v - beta[i]) * 5 / moved
			}
			continue
		}
		copy(beta, next.RawVector().Data)
		inverse := h // which is done with
		if err := chol.InverseTo(inverse); err != nil && !finite(inverse.RawSymmetric().Data) {
			return fitted{}, errSingular
		}
		changed, freedom := strengthen(blocks, beta, inverse)
		if d.numbers {
			f.variance = max(rss/max(d.weights()-freedom-1, 1), 1e-12)
		}
		beta = sleep(blocks, beta)
		if changed < 0.05 && moved < 1e-2 {
			break
		}
	}
	return d.result(blocks, beta, f), nil
}

// width is how many of the blocks are of bins or cells.
func (d *design) width() int {
	if d.slopes > 0 {
		return len(d.blocks) - 1
	}
	return len(d.blocks)
}

// merged returns a design of the same likelihood with rows that are alike to it
// as one: with the sum of their weights, and their mean outcome. Where
// little is known of many, as of customers who did nothing, few rows are left. A
// normal law also needs how outcomes vary among them, so numbers stay as they are.
func (d *design) merged() *design {
	if d.numbers {
		return d
	}
	m := &design{blocks: d.blocks, slopes: d.slopes}
	width := d.width()
	at := map[string]int{}
	var key []byte
	for i, y := range d.outcome {
		if d.weight[i] == 0 {
			continue
		}
		row := d.active[i*width : (i+1)*width]
		along := d.along[i*d.slopes : (i+1)*d.slopes]
		key = append(key[:0], row...)
		for _, x := range along {
			key = binary.LittleEndian.AppendUint64(key, math.Float64bits(x))
		}
		k, known := at[string(key)]
		if !known {
			k = len(m.outcome)
			at[string(key)] = k
			m.active = append(m.active, row...)
			m.along = append(m.along, along...)
			m.outcome, m.weight = append(m.outcome, 0), append(m.weight, 0)
		}
		m.outcome[k] += d.weight[i] * y
		m.weight[k] += d.weight[i]
	}
	for i, w := range m.weight {
		m.outcome[i] /= w
	}
	return m
}

// average returns the intercept of a fit without effects, and the variance
// around it.
func (d *design) average() (intercept, variance float64) {
	sum, n := 0.0, 0.0
	for i, y := range d.outcome {
		sum += d.weight[i] * y
		n += d.weight[i]
	}
	mean := sum / n
	if !d.numbers {
		return logit(min(max(mean, 1/(n+2)), 1-1/(n+2))), 1
	}
	for i, y := range d.outcome {
		variance += d.weight[i] * (y - mean) * (y - mean)
	}
	return mean, max(variance/n, 1e-12)
}

func (d *design) weights() float64 {
	n := 0.0
	for _, w := range d.weight {
		n += w
	}
	return n
}

func layout(blocks []block) {
	offset := 0
	for k := range blocks {
		if !blocks[k].asleep {
			blocks[k].offset = offset
			offset += blocks[k].size
		}
	}
}

func total(blocks []block) int {
	n := 0
	for _, b := range blocks {
		if !b.asleep {
			n += b.size
		}
	}
	return n
}

// equations returns the weighted normal equations h·beta = g of the next step, h in the
// cells given.
func (d *design) equations(blocks []block, beta []float64, variance float64, cells []float64) (h *mat.SymDense, g []float64, rss float64) {
	p := len(beta)
	cells = cells[:p*p]
	clear(cells)
	h = mat.NewSymDense(p, cells)
	g = make([]float64, p)
	awake := make([]int, 0, len(blocks))
	for k, b := range blocks {
		if !b.asleep {
			awake = append(awake, k)
		}
	}
	width := d.width()
	n := len(awake) // blocks of which a row turns one parameter on
	at := make([]int, n, n+d.slopes+1)
	if n > 0 && awake[n-1] == width {
		n--
		at = at[:n]
		for j := range d.slopes {
			at = append(at, blocks[width].offset+j)
		}
	}
	at = append(at, p-1)
	turned := ones(len(at))
	for i, y := range d.outcome {
		if d.weight[i] == 0 {
			continue
		}
		row, along := d.active[i*width:(i+1)*width], d.along[i*d.slopes:(i+1)*d.slopes]
		eta := beta[p-1]
		for a, k := range awake[:n] {
			at[a] = blocks[k].offset + int(row[k])
			eta += beta[at[a]]
		}
		if len(at) > n+1 {
			copy(turned[n:], along)
			for a, x := range along {
				eta += beta[at[n+a]] * x
			}
		}
		var w, z float64
		if d.numbers {
			w = d.weight[i] / variance
			z = w * y
			rss += d.weight[i] * (y - eta) * (y - eta)
		} else {
			q := sigmoid(eta)
			v := max(q*(1-q), 1e-6)
			w = d.weight[i] * v
			z = d.weight[i] * (v*eta + y - q)
		}
		for a, ia := range at {
			line, w := cells[ia*p:ia*p+p], w*turned[a]
			for _, ib := range at[min(a, n):n] {
				line[ib] += w
			}
			for b := max(a, n); b < len(at); b++ {
				line[at[b]] += w * turned[b]
			}
			g[ia] += z * turned[a]
		}
	}
	return h, g, rss
}

func addPenalties(h *mat.SymDense, blocks []block) {
	for _, b := range blocks {
		if b.asleep {
			continue
		}
		for i := range b.size {
			for j := i; j < b.size; j++ {
				if b.penalty[i][j] != 0 {
					h.SetSym(b.offset+i, b.offset+j, h.At(b.offset+i, b.offset+j)+b.strength*b.penalty[i][j])
				}
			}
		}
	}
}

// strengthen updates the strengths, puts blocks that explain nothing to sleep,
// and returns the largest change of a strength, as a logarithm, where it matters,
// and the degrees of freedom that the effects use.
func strengthen(blocks []block, beta []float64, inverse *mat.SymDense) (changed, freedom float64) {
	for k := range blocks {
		b := &blocks[k]
		if b.asleep {
			continue
		}
		trace, rough := 0.0, 0.0
		for i := range b.size {
			for j := range b.size {
				if s := b.penalty[i][j]; s != 0 {
					trace += inverse.At(b.offset+i, b.offset+j) * s
					rough += beta[b.offset+i] * s * beta[b.offset+j]
				}
			}
		}
		free := max(float64(b.size)-b.strength*trace, 1e-9)
		freedom += free
		next := b.likeliest(free, rough)
		step := math.Log(next / b.strength)
		changed = max(changed, math.Abs(step)*min(free, 1))
		// The update creeps towards flatness: while it keeps its direction, it
		// is stretched.
		if step*b.step > 0 {
			step *= 2
		}
		step = min(max(step, -3), 3)
		b.asleep = free < nothing && step > 0
		b.step = step
		next = min(max(b.strength*math.Exp(step), loosest), flattest)
		b.strength = next
	}
	return changed, freedom
}

// likeliest returns the next strength of a block: the update of Wood and Fasiolo, free over
// rough, but for a half-Cauchy prior of how far its effects spread, with a scale of
// likelySpread (Gelman, "Prior distributions for variance parameters in hierarchical
// models", 2006). Where few outcomes are told apart without a fault by chance, effects
// would grow beyond all bounds; effects that many outcomes show may be as large as they are.
func (b *block) likeliest(free, rough float64) float64 {
	variance := b.spread / b.strength
	return (free + 2*variance/(variance+likelySpread*likelySpread)) / max(rough, 1e-12)
}

// sleep leaves out the parameters of blocks that have been put to sleep since
// the layout was made.
func sleep(blocks []block, beta []float64) []float64 {
	kept := make([]float64, 0, len(beta))
	for k := range blocks {
		if b := &blocks[k]; !b.asleep {
			kept = append(kept, beta[b.offset:b.offset+b.size]...)
		}
	}
	kept = append(kept, beta[len(beta)-1])
	layout(blocks)
	return kept
}

// result moves the weighted mean of each block to the intercept, so that an effect
// says how a row differs from the average one; that of a straight part is 0 already.
func (d *design) result(blocks []block, beta []float64, f fitted) fitted {
	f.intercept = beta[len(beta)-1]
	f.effects = make([][]float64, len(blocks))
	f.strengths = make([]float64, len(blocks))
	all, width := d.weights(), d.width()
	for k, b := range blocks {
		f.strengths[k] = b.strength
		if b.asleep {
			f.strengths[k] = math.Inf(1)
		}
		f.effects[k] = make([]float64, b.size)
		if b.asleep {
			continue
		}
		copy(f.effects[k], beta[b.offset:b.offset+b.size])
		if k >= width {
			continue
		}
		mass := make([]float64, b.size)
		for i := range d.outcome {
			mass[d.active[i*width+k]] += d.weight[i]
		}
		mean := 0.0
		for j, m := range mass {
			mean += m * f.effects[k][j]
		}
		mean /= all
		for j := range f.effects[k] {
			f.effects[k][j] -= mean
		}
		f.intercept += mean
	}
	return f
}

func finite(values []float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func logit(p float64) float64 { return math.Log(p) - math.Log1p(-p) }

package scoring

import (
	"runtime"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"
)

// model says what is known of rows as a sum: a base, and a share of each feature.
type model interface {
	base() float64
	// values returns the sums of rows.
	values(f *frame, rows []int) []float64
	// share adds each feature's share of the rows' values, times weight, to shares,
	// row-major by the columns of the frame.
	share(f *frame, rows []int, weight float64, shares []float64)
}

// blend is the weighted sum of two models.
type blend struct {
	a, b             model
	weightA, weightB float64
}

func (m blend) base() float64 { return m.weightA*m.a.base() + m.weightB*m.b.base() }

func (m blend) values(f *frame, rows []int) []float64 {
	return mixed(m.a.values(f, rows), m.b.values(f, rows), m.weightA, m.weightB)
}

func (m blend) share(f *frame, rows []int, weight float64, shares []float64) {
	m.a.share(f, rows, weight*m.weightA, shares)
	m.b.share(f, rows, weight*m.weightB, shares)
}

// mixed returns the weighted sums of two lists.
func mixed(a, b []float64, weightA, weightB float64) []float64 {
	out := make([]float64, len(a))
	for i := range out {
		out[i] = weightA*a[i] + weightB*b[i]
	}
	return out
}

// stack fits the weights and the offset of a blend to scores out of the fold by
// maximum likelihood, after Wolpert, "Stacked generalization" (1992). They are drawn
// to the mean of the two as if by hold rows of a fair coin; no weight is negative.
func stack(a, b, outcome, weight []float64, hold float64) (weightA, weightB, offset float64) {
	w := [3]float64{0.5, 0.5, 0}
	free := [3]bool{true, true, true}
	for range 50 {
		g := mat.NewVecDense(3, nil)
		h := mat.NewSymDense(3, nil)
		for j, at := range [3]float64{0.5, 0.5, 0} {
			g.SetVec(j, hold/4*(at-w[j]))
			h.SetSym(j, j, hold/4+1e-9)
		}
		for i, y := range outcome {
			x := [3]float64{a[i], b[i], 1}
			q := sigmoid(w[0]*x[0] + w[1]*x[1] + w[2])
			v := weight[i] * max(q*(1-q), 1e-12)
			for j := range x {
				g.SetVec(j, g.AtVec(j)+weight[i]*(y-q)*x[j])
				for k := j; k < 3; k++ {
					h.SetSym(j, k, h.At(j, k)+v*x[j]*x[k])
				}
			}
		}
		for j := range free {
			if free[j] {
				continue
			}
			g.SetVec(j, 0)
			for k := range free {
				h.SetSym(j, k, 0)
			}
			h.SetSym(j, j, 1)
		}
		var chol mat.Cholesky
		step := mat.NewVecDense(3, nil)
		if !chol.Factorize(h) || chol.SolveVecTo(step, g) != nil {
			break
		}
		far := max(1, mat.Norm(step, 2))
		for j := range w {
			w[j] += step.AtVec(j) / far
			if j < 2 && w[j] < 0 {
				w[j], free[j] = 0, false
			}
		}
		if mat.Norm(step, 2) < 1e-10 {
			break
		}
	}
	return w[0], w[1], w[2]
}

// eachShares calls do with the shares of each row, for several rows at a time.
func eachShares(m model, f *frame, rows []int, do func(i int, shares []float64)) {
	const block = 1024
	width := len(f.nums)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(rows)/block+1) {
		wait.Go(func() {
			shares := make([]float64, min(len(rows), block)*width)
			for {
				from := int(next.Add(block)) - block
				if from >= len(rows) {
					return
				}
				to := min(from+block, len(rows))
				clear(shares)
				m.share(f, rows[from:to], 1, shares)
				for i := from; i < to; i++ {
					do(i, shares[(i-from)*width:(i-from+1)*width])
				}
			}
		})
	}
	wait.Wait()
}

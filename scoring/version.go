package scoring

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"time"

	"actnow"
)

// Target is which of the two scores is meant.
type Target string

// The two scores.
const (
	Fit    Target = "fit"
	Intent Target = "intent"
)

// Targets lists the two scores as pages show them.
var Targets = []Target{Fit, Intent}

// modelFormat is the version of the JSON of a model. A change of what a member
// means, or of how scores come from it, makes a new one. Models of earlier versions
// are read as they were written: before version 2 there were no straight parts.
const modelFormat = 2

// Model is what was learned of one score in one area. Its JSON holds all that
// scores a customer, to the same bytes on any day, and says what it was learned
// from. It is named by the SHA-256 of that JSON and never changes.
type Model struct {
	Format   int         `json:"format"`
	Area     actnow.Area `json:"area"`
	Target   Target      `json:"score"`
	Day      string      `json:"day"` // that it was learned on; nothing later is in it
	Kind     string      `json:"kind"`
	Seed     uint64      `json:"seed"`
	Base     float64     `json:"base"` // chance of the average row, which scores 30
	Features []Feature   `json:"features"`
	Learned  Learned     `json:"learned"`
	// Validation measures what was said of rows before their outcome was known;
	// Promise, Bands by DefaultEdges, and Outcomes compare it with what happened. A
	// model of an early version has no Outcomes and no Scored.
	Validation Measures       `json:"validation"`
	Promise    []PromiseStep  `json:"promise"`
	Bands      []BandOutcome  `json:"bands"`
	Outcomes   *PointOutcomes `json:"outcomes,omitempty"`
	Shape      shape          `json:"shape"`
	// Scored is how the scores of the customers of that day were spread.
	Scored *Feature `json:"scored,omitempty"`

	id        string
	body      []byte
	predictor predictor
}

// Feature is a column that a model reads, and how the customers of the day it was
// learned on were spread over it, from which later ones may drift away.
type Feature struct {
	Name    string    `json:"name"`
	Numeric bool      `json:"numeric,omitempty"`
	Edges   []float64 `json:"edges,omitempty"`  // upper ends of the ranges of a number, but for the last
	Levels  []string  `json:"levels,omitempty"` // of a category
	Spread  []int     `json:"spread"`           // customers by range or level; the last is what is missing, or of another level
}

// Learned says what a model was learned from.
type Learned struct {
	Rows     int     `json:"rows"`     // of the area
	Outcomes int     `json:"outcomes"` // won, or opened: the kind that is asked for
	Others   int     `json:"others"`   // of the other kind
	Lent     int     `json:"lent"`     // rows of other areas
	Share    float64 `json:"share"`    // what a lent row counts; 0 if none is
	From     string  `json:"from"`     // day of the first row
	To       string  `json:"to"`       // day of the last row
	Data     string  `json:"data"`     // SHA-256 of the rows
	Present  int     `json:"present"`  // customers of the day that were looked at
}

// PromiseStep compares what was said of rows that are about as likely with what
// happened.
type PromiseStep struct {
	Said float64 `json:"said"` // mean probability
	Rows int     `json:"rows"`
	Hits int     `json:"hits"`
}

// PointOutcomes is what happened to rows by what was said of them.
type PointOutcomes struct {
	Together float64        `json:"together"` // as in a BandTally, by DefaultEdges
	Points   []PointOutcome `json:"points"`   // rising
}

// PointOutcome is what happened to the rows of a tenth of a point.
type PointOutcome struct {
	From float64 `json:"from"` // the lowest of the tenth
	Rows int     `json:"rows"`
	Hits int     `json:"hits"`
}

// Tally is what happened, by bands that begin at edges, to the rows that the model had
// not seen; what lies between tenths of a point is counted with the lower one. A model
// without Outcomes counts by DefaultEdges.
func (m *Model) Tally(e Edges) BandTally {
	if m.Outcomes == nil {
		return newBandTally(DefaultEdges, m.Bands, 1)
	}
	outcomes := make([]BandOutcome, len(actnow.Bands))
	for k, band := range actnow.Bands {
		outcomes[k].Band = band
		for _, o := range m.Outcomes.Points {
			if e.Band(o.From) == band {
				outcomes[k].Rows, outcomes[k].Hits = outcomes[k].Rows+o.Rows, outcomes[k].Hits+o.Hits
			}
		}
	}
	return newBandTally(e, outcomes, m.Outcomes.Together)
}

// seal encodes the model and names it.
func (m *Model) seal() error {
	m.Shape = shapeOf(&m.predictor)
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	m.body, m.id = body, hex.EncodeToString(sum[:])
	return nil
}

// ID is the SHA-256 of the model's JSON, in hex.
func (m *Model) ID() string { return m.id }

// Name is the model as a score names what made it: "model:azure.fit@1a2b3c4d".
func (m *Model) Name() string {
	return "model:" + string(m.Area) + "." + string(m.Target) + "@" + m.id[:8]
}

// JSON returns the model's canonical form, which ParseModel reads.
func (m *Model) JSON() []byte { return m.body }

// ParseModel reads a model and checks that nothing in it can lead a score astray.
// Every error is an *actnow.InputError.
func ParseModel(body []byte) (*Model, error) {
	m := &Model{}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(m); err != nil {
		return nil, actnow.Invalid("error.model.json", "model", "this is no model as Act Now keeps it: %s", oneLine(err))
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, actnow.Invalid("error.model.json", "model", "this is no model as Act Now keeps it: %s", "something follows it")
	}
	if m.Format < 1 || m.Format > modelFormat {
		return nil, actnow.Invalid("error.model.format", "format", "the model has the format %d, and this version of Act Now reads 1 to %d: train anew", m.Format, modelFormat)
	}
	if flaw := m.flaw(); flaw != "" {
		return nil, actnow.Invalid("error.model.damaged", flaw, "the model is damaged at %s: train anew, or go back to an earlier one", flaw)
	}
	m.predictor = predictor{base: m.Base, kind: m.Shape.kind(), learned: m.Shape.learned(m.Features),
		calibrate: m.Shape.Calibrator, published: true, validation: m.Validation}
	if err := m.seal(); err != nil {
		return nil, err
	}
	if !bytes.Equal(m.body, body) {
		return nil, actnow.Invalid("error.model.json", "model", "this is no model as Act Now keeps it: %s", "it was written by something else")
	}
	return m, nil
}

// flaw names the first member that cannot be, "" if there is none.
func (m *Model) flaw() string {
	switch {
	case m.Format < 2 && m.Shape.Card.Straights != nil:
		return "format"
	case m.Area == "":
		return "area"
	case m.Target != Fit && m.Target != Intent:
		return "score"
	case !(m.Base > 0 && m.Base < 1):
		return "base"
	}
	if _, err := time.Parse(time.DateOnly, m.Day); err != nil {
		return "day"
	}
	for _, f := range m.Features {
		if f.Name == "" || !f.sound() {
			return "features"
		}
	}
	if s := m.Scored; s != nil && (!s.Numeric || !s.sound()) {
		return "scored"
	}
	if o := m.Outcomes; o != nil && !o.sound() {
		return "outcomes"
	}
	return m.Shape.flaw(m.Features)
}

func (f *Feature) sound() bool {
	return len(f.Spread) == f.bins() && rising(f.Edges) && (f.Numeric && f.Levels == nil || !f.Numeric && f.Edges == nil)
}

func (o *PointOutcomes) sound() bool {
	for i, p := range o.Points {
		if p.Hits < 0 || p.Rows < max(p.Hits, 1) || !(p.From >= 0 && p.From <= 100) || i > 0 && p.From <= o.Points[i-1].From {
			return false
		}
	}
	return o.Together >= 1
}

func (f *Feature) bins() int {
	if f.Numeric {
		return len(f.Edges) + 2
	}
	return len(f.Levels) + 1
}

package scoring_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing/fstest"
)

// toss is a small generator of numbers in [0, 1) that never changes.
type toss uint64

func (s *toss) next() float64 {
	*s = *s*6364136223846793005 + 1442695040888963407
	return float64(*s>>11) / (1 << 53)
}

// folder makes a data set of which seats and trade tell the outcome, noise does
// not, and after is the outcome itself, known too late. strength 0 makes it a
// coin toss. Two fifths of the rows are for test.
type folder struct {
	rows     int
	strength float64
	money    bool
	time     bool
	judged   bool
	name     func(string) string // of a column
	scramble bool                // columns that are no features hold other things
	turned   bool                // columns stand in another order
	flipFrom int                 // labels of later rows are turned round, 0 for none
	crossed  bool                // noise says which way seats and trade point
}

func (o folder) make() fstest.MapFS {
	if o.name == nil {
		o.name = func(s string) string { return s }
	}
	type column struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
		Role string `json:"role"`
	}
	columns := []column{
		{o.name("seats"), "numeric", "feature"}, {o.name("trade"), "categorical", "feature"}, {o.name("noise"), "numeric", "feature"},
		{o.name("since"), "date", "feature"}, {o.name("after"), "numeric", "leak"}, {o.name("crm"), "categorical", "id"}, {o.name("called"), "categorical", "treatment"},
	}
	if o.time {
		columns = append(columns, column{o.name("day"), "date", "time"})
	}
	schema, _ := json.Marshal(map[string]any{"columns": columns})
	s := toss(7)
	trades := []string{"retail", "law", "farm, large", "", "\"quoted\""}
	train, test, judged := [][]string{{"row_id"}}, [][]string{{"row_id"}}, [][]string{{"row_id", "label"}}
	for _, c := range columns {
		train[0], test[0] = append(train[0], c.Name), append(test[0], c.Name)
	}
	train[0] = append(train[0], "label")
	if o.money {
		train[0] = append(train[0], "amount")
		judged[0] = append(judged[0], "amount")
	}
	for i := range o.rows {
		seats := math.Floor(math.Exp(5 * s.next()))
		trade := int(5 * s.next())
		odds := o.strength * (math.Log(seats) - 2.5 + []float64{-1, 1, 0, 0.5, -0.5}[trade])
		luck, noise, chance := s.next(), s.next(), s.next()
		if o.crossed && noise < 0.5 {
			odds = -odds
		}
		won := luck < 1/(1+math.Exp(-odds))
		label := "0"
		if won != (o.flipFrom > 0 && i >= o.flipFrom) {
			label = "1"
		}
		after := label
		if o.scramble {
			after = strconv.FormatFloat(chance, 'f', 4, 64)
		}
		cell := strconv.FormatFloat(seats, 'f', 0, 64)
		if i%11 == 0 {
			cell = ""
		}
		row := []string{fmt.Sprintf("r%04d", i), cell, trades[trade], strconv.FormatFloat(noise, 'f', 3, 64),
			fmt.Sprintf("20%02d-03-01", i%20), after, fmt.Sprint("c", i), []string{"yes", "no"}[i%2]}
		if o.scramble {
			row[7] = "yes"
		}
		if o.time {
			row = append(row, fmt.Sprintf("2026-%02d-%02d", 1+i/28%12, 1+i%28))
		}
		amount := "0"
		if label == "1" {
			amount = strconv.FormatFloat(seats*20*(0.8+0.4*chance), 'f', 2, 64)
		}
		if i < o.rows*3/5 {
			row = append(row, label)
			if o.money {
				row = append(row, amount)
			}
			train = append(train, row)
			continue
		}
		test = append(test, row)
		outcome := []string{row[0], label}
		if o.money {
			outcome = append(outcome, amount)
		}
		judged = append(judged, outcome)
	}
	files := fstest.MapFS{"schema.json": {Data: schema}, "train.csv": {Data: o.text(train)}, "test.csv": {Data: o.text(test)}}
	if o.judged {
		files["test_labels.csv"] = &fstest.MapFile{Data: o.text(judged)}
	}
	return files
}

func (o folder) text(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range rows {
		if o.turned {
			row = slices.Clone(row)
			slices.Reverse(row)
		}
		w.Write(row)
	}
	w.Flush()
	return b.Bytes()
}

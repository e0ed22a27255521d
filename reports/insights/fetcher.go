package insights

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"actnow"
)

// Fetcher fetches each dataset once a month: from the 25th, daily until its
// content has changed, on at most Days days. One run at a time.
type Fetcher struct {
	Client *Client
	Store  Store
	// Import reads a file that was fetched. An *actnow.InputError in its error
	// is a file that cannot be read.
	Import func(ctx context.Context, path string) (Import, error)
	Dir    string // where the files are kept; it must be there
	Days   int    // 0 is DefaultDays
	Zone   *time.Location
	Now    func() time.Time
	Log    *slog.Logger
}

// Options say what is fetched.
type Options struct {
	// Period names the run: the same again goes on where a stop left it.
	Period string
	// Force fetches now, whatever the day and whatever came this month.
	Force bool
	// Datasets are those wanted; none is all.
	Datasets []string
}

// steps are those of one dataset: ordered, ready, downloaded, done.
const steps = 4

// Run fetches what is due and returns what came of each dataset, by name. A
// dataset that fails does not hold up the others, unless the connection is to
// blame; the error is about all that failed. progress, which may be nil, is told
// of steps done. Run is safe to repeat: what a period has done is not done again.
func (f *Fetcher) Run(ctx context.Context, opt Options, progress func(done, total int64)) ([]Fetch, error) {
	month, day := Calendar(f.Now().In(f.Zone))
	if !opt.Force && day >= f.days() {
		return nil, nil
	}
	if err := f.tidy(); err != nil {
		return nil, err
	}
	r := &run{Fetcher: f, opt: opt, month: month, day: day, progress: progress}
	datasets, err := r.wanted(ctx)
	if err != nil {
		return r.done, r.fail(ctx, &Fetch{Month: month, Period: opt.Period}, err)
	}
	r.total = int64(steps * len(datasets))
	err = r.fetch(ctx, datasets)
	slices.SortFunc(r.done, func(a, b Fetch) int { return strings.Compare(a.Dataset, b.Dataset) })
	return r.done, err
}

func (f *Fetcher) days() int {
	if f.Days > 0 {
		return f.Days
	}
	return DefaultDays
}

// tidy removes what a crash left half-written.
func (f *Fetcher) tidy() error {
	left, err := filepath.Glob(filepath.Join(f.Dir, ".*"))
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// run is one run of a Fetcher.
type run struct {
	*Fetcher
	opt         Options
	month       actnow.Month
	day         int
	progress    func(done, total int64)
	step, total int64
	done        []Fetch
	settled     map[string]bool // datasets whose content of this month is here
	imported    map[string]bool // those of which anything was imported this month
}

// wanted returns the datasets that this run is to fetch.
func (r *run) wanted(ctx context.Context) ([]Dataset, error) {
	before, err := r.Store.FetchesOf(ctx, r.month)
	if err != nil {
		return nil, err
	}
	r.settled, r.imported = map[string]bool{}, map[string]bool{}
	ended := map[string]Fetch{} // by this period
	for _, b := range before {
		if b.State == Imported {
			r.imported[b.Dataset] = true
			r.settled[b.Dataset] = r.settled[b.Dataset] || !b.First
		}
		if b.Period == r.opt.Period && b.State != Running && b.State != Failed {
			ended[b.Dataset] = b
		}
	}
	all, err := r.Client.Datasets(ctx)
	if err != nil {
		return nil, err
	}
	if err := known(all, r.opt.Datasets); err != nil {
		return nil, err
	}
	var list []Dataset
	for _, d := range all {
		if b, ok := ended[d.Name]; ok {
			r.done = append(r.done, b)
			continue
		}
		if len(r.opt.Datasets) > 0 && !slices.Contains(r.opt.Datasets, d.Name) || r.settled[d.Name] && !r.opt.Force {
			continue
		}
		list = append(list, d)
	}
	return list, nil
}

// known refuses a name that is none of the datasets.
func known(all []Dataset, wanted []string) error {
	var names []string
	for _, d := range all {
		names = append(names, d.Name)
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			return refuse(ErrRefused, "error.insights.dataset", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// fetch orders every dataset first, so that Microsoft makes them side by side,
// then takes them in one by one.
func (r *run) fetch(ctx context.Context, datasets []Dataset) error {
	type begun struct {
		row   Fetch
		order Order
	}
	var list []begun
	var failed error
	var stop error // what makes the next dataset useless to try
	for _, d := range datasets {
		if ctx.Err() != nil {
			return errors.Join(failed, ctx.Err())
		}
		row, err := r.Store.BeginFetch(ctx, Fetch{Dataset: d.Name, Period: r.opt.Period, Month: r.month, State: Running, StartedAt: r.Now()})
		if err != nil {
			return errors.Join(failed, err)
		}
		var o Order
		if err = stop; stop == nil {
			o, err = r.Client.Order(ctx, d, r.opt.Period)
		}
		if err != nil {
			failed = errors.Join(failed, r.fail(ctx, &row, err))
			if ofConnection(err) {
				stop = err
			}
			continue
		}
		list = append(list, begun{row, o})
		r.tick()
	}
	for i := range list {
		row, o := &list[i].row, &list[i].order
		err := stop
		if stop == nil {
			err = r.take(ctx, row, o)
		}
		if err != nil {
			failed = errors.Join(failed, r.fail(ctx, row, err))
			if ofConnection(err) {
				stop = err
			}
		}
		if ctx.Err() == nil && stop == nil {
			if err := r.Client.Forget(ctx, *o); err != nil {
				r.Log.WarnContext(ctx, "report left at Microsoft", "dataset", o.Dataset, "error", err)
			}
		}
	}
	return failed
}

// take waits for a report, brings it to disk and has it imported.
func (r *run) take(ctx context.Context, row *Fetch, o *Order) error {
	if err := r.Client.Ready(ctx, o); err != nil {
		return err
	}
	r.tick()
	name := o.Dataset + "-" + strings.ReplaceAll(r.opt.Period, ":", "") + ".csv"
	path := filepath.Join(r.Dir, filepath.Base(name))
	file, err := r.Client.Download(ctx, o, path)
	row.Redacted = o.Redacted
	if err != nil {
		return err
	}
	r.tick()
	row.Rows, row.Bytes, row.SHA256, row.Content, row.File = file.Rows, file.Bytes, file.SHA256, file.Content, filepath.Base(path)
	if file.Rows == 0 {
		row.Content = "" // what came before stays what the next file is held against
		return r.drop(ctx, row, path, Empty)
	}
	last, err := r.Store.LastContent(ctx, row.Dataset)
	switch {
	case errors.Is(err, actnow.ErrNotFound):
		row.First = true
	case err != nil:
		return err
	case last == file.Content:
		return r.drop(ctx, row, path, Unchanged)
	}
	got, err := r.Import(ctx, path)
	if err != nil {
		return err
	}
	row.Report, row.Rows = got.Report, got.Rows
	if got.Already && got.Month != r.month { // by hand, and it is still that file
		return r.drop(ctx, row, path, Unchanged)
	}
	row.Note = NewNotice("fetch.note.imported", string(got.Month))
	if row.First && r.tomorrow(row.Dataset) {
		row.Note = NewNotice("fetch.note.first", string(got.Month))
	}
	return r.end(ctx, row, Imported)
}

// tomorrow reports whether the schedule looks for a dataset again on the next
// day.
func (r *run) tomorrow(dataset string) bool { return !r.settled[dataset] && r.day+1 < r.days() }

// drop ends a fetch whose file says nothing new: it is not kept.
func (r *run) drop(ctx context.Context, row *Fetch, path string, state State) error {
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove a file that says nothing new: %w", err)
	}
	row.File = ""
	words := map[State][2]string{Unchanged: {"fetch.note.unchanged", "fetch.note.same"}, Empty: {"fetch.note.empty", "fetch.note.empty_now"}}[state]
	switch {
	case r.tomorrow(row.Dataset):
		row.Note = NewNotice(words[0])
	case r.opt.Force || r.imported[row.Dataset]:
		row.Note = NewNotice(words[1])
	default:
		state, row.Note = GivenUp, NewNotice("fetch.note.given_up", r.days())
	}
	return r.end(ctx, row, state)
}

// end records what came of a fetch.
func (r *run) end(ctx context.Context, row *Fetch, state State) error {
	row.State, row.EndedAt, row.Sentence = state, r.Now(), row.Note.String()
	if err := r.Store.EndFetch(context.WithoutCancel(ctx), *row); err != nil {
		return err
	}
	r.Log.InfoContext(ctx, "fetched", "dataset", row.Dataset, "state", string(state), "rows", row.Rows, "bytes", row.Bytes)
	r.done = append(r.done, *row)
	r.tick()
	return nil
}

// fail records that a fetch failed, or was stopped, and returns the error with
// the name of its dataset. The same period tries a failed fetch again.
func (r *run) fail(ctx context.Context, row *Fetch, err error) error {
	stopped := ctx.Err() != nil
	if row.ID == 0 {
		if stopped {
			return err
		}
		var begin error
		row.StartedAt, row.State = r.Now(), Running
		if *row, begin = r.Store.BeginFetch(ctx, *row); begin != nil {
			return errors.Join(err, begin)
		}
	}
	row.Note = noticeOf(err)
	if stopped {
		row.Note = NewNotice("error.insights.stopped")
	}
	if row.Dataset != "" {
		err = fmt.Errorf("fetch %s: %w", row.Dataset, err)
	}
	return errors.Join(err, r.end(ctx, row, Failed))
}

func (r *run) tick() {
	r.step++
	if r.progress != nil {
		r.progress(min(r.step, r.total), r.total)
	}
}

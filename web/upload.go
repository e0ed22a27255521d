package web

import (
	"context"
	"errors"
	"io"
	"math"

	"actnow"
	"actnow/crm"
	"actnow/reports"
)

// uploadActions take files. Looking at one stores nothing; what was found is the
// Upload in the job's result, and the file waits for the word to import it.
type uploadActions interface {
	// StartReport looks at a report in the background: job kind "look-report".
	// Month "" is that of the latest 25th.
	StartReport(ctx context.Context, by actnow.Actor, name string, r io.Reader, month actnow.Month, complete bool) (actnow.JobID, error)
	// StartCRM looks at a CRM file in the background: job kind "look-crm".
	StartCRM(ctx context.Context, by actnow.Actor, kind crm.Kind, name string, r io.Reader) (actnow.JobID, error)
	// ImportUpload imports a file that was looked at: job kind "import", with an
	// Upload too. Matching and scoring follow by themselves.
	ImportUpload(ctx context.Context, by actnow.Actor, looked actnow.JobID) (actnow.JobID, error)
	// LookAgain looks at a report anew that was looked at and waits, since what is
	// said of its columns has changed; the earlier look waits no more.
	LookAgain(ctx context.Context, by actnow.Actor, looked actnow.JobID) (actnow.JobID, error)
	// DropUpload forgets a file that was looked at.
	DropUpload(ctx context.Context, looked actnow.JobID) error
	// UploadWaits reports whether the file that a job looked at is still there.
	UploadWaits(looked actnow.JobID) bool
}

// The kinds of jobs that have an Upload as their result.
const (
	JobLookReport = "look-report"
	JobLookCRM    = "look-crm"
	JobImport     = "import"
)

// Upload is the result of a job that looked at an uploaded file, or imported it:
// what the file says, in words that can be said in any language.
type Upload struct {
	Name     string         `json:"name"`
	Kind     crm.Kind       `json:"kind,omitempty"`     // of a CRM file
	Month    actnow.Month   `json:"month,omitempty"`    // as the person chose it, "" for the default
	Complete bool           `json:"complete,omitempty"` // the file lists everyone
	Report   *ReportResult  `json:"report,omitempty"`
	CRM      *CRMResult     `json:"crm,omitempty"`
	Problem  *UploadProblem `json:"problem,omitempty"` // why the file cannot be used
}

// ReportResult is a reports.Result with what its own JSON leaves out.
type ReportResult struct {
	reports.Result
	Details   []RejectedLine    `json:"details,omitempty"` // one for each of Rejected
	Notices   []reports.Notice  `json:"notices,omitempty"`
	Columns   []reports.Column  `json:"columns,omitempty"`
	Fill      []reports.Fill    `json:"fill,omitempty"`     // one for each of Columns
	Evidence  []ReadingEvidence `json:"evidence,omitempty"` // the active matrix first
	Snapshot  actnow.SnapshotID `json:"snapshot,omitempty"`
	Encoding  string            `json:"encoding,omitempty"`
	Separator string            `json:"separator,omitempty"`
}

// CRMResult is a crm.Result with what its own JSON leaves out.
type CRMResult struct {
	crm.Result
	Details []RejectedLine `json:"details,omitempty"` // one for each of Rejected
	Doubts  []RejectedLine `json:"doubts,omitempty"`  // one for each of Warnings
}

// RejectedLine is why a line could not be used, as a sentence of the catalogues.
type RejectedLine struct {
	Line  int    `json:"line"`
	Field string `json:"field,omitempty"`
	Text  string `json:"text"` // in English
	Code  string `json:"code,omitempty"`
	Args  []any  `json:"args,omitempty"`
}

// ReadingEvidence says how many of the clusters that a file names with fit and
// intent contradict a matrix.
type ReadingEvidence struct {
	Name       string `json:"name"`
	Contradict int    `json:"contradict"`
	All        int    `json:"all"`
}

// UploadProblem is an *actnow.InputError as JSON.
type UploadProblem struct {
	Code  string `json:"code"`
	Field string `json:"field,omitempty"`
	Line  int    `json:"line,omitempty"`
	Text  string `json:"text"`
	Args  []any  `json:"args,omitempty"`
}

// NewReportResult returns r as a job keeps it. readings are held against what
// the file bears out, the active one first.
func NewReportResult(r reports.Result, readings []reports.NamedReading) *ReportResult {
	out := &ReportResult{Result: r, Notices: r.Notices, Columns: r.Columns, Fill: r.Fill, Snapshot: r.Snapshot, Encoding: r.Encoding, Separator: r.Separator}
	for _, l := range r.Rejected {
		out.Details = append(out.Details, RejectedLine{Line: l.Line, Field: l.Field, Text: l.Reason, Code: l.Code, Args: l.Args})
	}
	for _, n := range readings {
		if contradict, all := r.Crossings.Against(n.Reading); all > 0 {
			out.Evidence = append(out.Evidence, ReadingEvidence{Name: n.Name, Contradict: contradict, All: all})
		}
	}
	return out
}

// NewCRMResult returns r as a job keeps it.
func NewCRMResult(r crm.Result) *CRMResult {
	out := &CRMResult{Result: r}
	lines := func(from []crm.Rejected) (to []RejectedLine) {
		for _, l := range from {
			to = append(to, RejectedLine{Line: l.Line, Field: l.Field, Text: l.Reason, Code: l.Code, Args: l.Args})
		}
		return to
	}
	out.Details, out.Doubts = lines(r.Rejected), lines(r.Warnings)
	return out
}

// NewUploadProblem returns what a person is told of err, or nil if err is not
// about what they gave.
func NewUploadProblem(err error) *UploadProblem {
	var input *actnow.InputError
	if !errors.As(err, &input) {
		return nil
	}
	return &UploadProblem{Code: input.Code, Field: input.Field, Line: input.Line, Text: input.Text, Args: input.Args}
}

// sentence returns the problem in the reader's language.
func (p *UploadProblem) sentence(text *Text) string {
	return text.Error(&actnow.InputError{Code: p.Code, Field: p.Field, Line: p.Line, Text: p.Text, Args: wholeArgs(p.Args)})
}

// sentence returns the reason in the reader's language.
func (l RejectedLine) sentence(text *Text) string {
	return sentenceOf(text, l.Code, l.Text, l.Args)
}

// sentenceOf returns the sentence of a code, or fallback without one.
func sentenceOf(text *Text, code, fallback string, args []any) string {
	if !text.Has(code) {
		return fallback
	}
	return text.T(code, wholeArgs(args)...)
}

// wholeArgs makes whole numbers of what went through JSON as floats.
func wholeArgs(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		if f, ok := a.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			a = int64(f)
		}
		out[i] = a
	}
	return out
}

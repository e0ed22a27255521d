package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports"
)

func (s *Server) snapshotRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/reports/:id", nav: "reports", handle: s.showSnapshot},
		{method: http.MethodGet, path: "/reports/:id/rejected.csv", right: actnow.RightExport, nav: "reports", handle: s.exportRejected},
	}
}

type snapshotPage struct {
	Head      Head
	Old       *Note // a later revision is the current one
	Figures   []Figure
	Notes     []Note
	Columns   *columnsPanel
	Facts     []pair
	Rejected  rejectedPanel
	Withheld  bool // rejected lines are those of all locations
	Revisions []snapshotRow
}

func (s *Server) snapshot(c echo.Context) (reports.Snapshot, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return reports.Snapshot{}, err
	}
	return s.store.Snapshot(ctx(c), s.scope(c), actnow.SnapshotID(id))
}

func (s *Server) showSnapshot(c echo.Context) error {
	snap, err := s.snapshot(c)
	if err != nil {
		return err
	}
	text, scope := s.text(c), s.scope(c)
	name := reportName(text, string(snap.Report))
	p := snapshotPage{Head: Head{Crumbs: []Crumb{{Text: text.T("nav.reports"), Href: "/reports"}, {Text: name}},
		Title: text.T("look.report", name, snap.Month), Text: text.T("snapshot.text", snap.File, snap.By, text.DateTime(snap.At))}}
	rejected := rejectedFigure(text, snap.Rejected)
	p.Figures = []Figure{
		{Name: text.T("look.rows"), Value: text.Number(int64(snap.Rows)), Note: text.T("snapshot.rows_note")},
		{Name: text.T("look.new"), Value: text.Number(int64(snap.New)), Note: text.T("look.new_note")},
		{Name: text.T("look.changed"), Value: text.Number(int64(snap.Changed)), Note: text.T("look.changed_note")},
		{Name: text.T("snapshot.gone"), Value: text.Number(int64(snap.Gone)), Note: text.T("snapshot.gone_note")},
		rejected,
	}
	for _, n := range snap.Notices {
		if n.Code == unknownColumns {
			continue
		}
		note := Note{Kind: "warn", Text: sentenceOf(text, n.Code, n.String(), n.Args)}
		if strings.HasPrefix(n.Code, "warning.report.matrix") {
			note.Action = &Action{Text: text.T("disagreement.look"), Href: "/reports/disagreement", Class: "small"}
		}
		p.Notes = append(p.Notes, note)
	}
	p.Columns = newColumnsPanel(text, snap.Columns, nil, 0)
	p.Facts = []pair{
		{Name: text.T("reports.month"), Value: text.Month(snap.Month)},
		{Name: text.T("reports.revision"), Value: text.Number(int64(snap.Revision))},
		{Name: text.T("look.encoding"), Value: encodingWords(text, snap.Encoding, snap.Separator)},
		{Name: text.T("look.everyone"), Value: yesNo(text, snap.Complete)},
	}
	if err := s.snapshotRevisions(c, &p, snap); err != nil {
		return err
	}
	s.offerUndo(c, &p, snap)
	if !scope.AllLocations {
		p.Withheld = snap.Rejected > 0
		return s.render(c, "snapshot", p)
	}
	lines, total, err := s.store.RejectedRows(ctx(c), scope, snap.ID, 0, shownRejected)
	if err != nil {
		return err
	}
	p.Rejected = rejectedPanel{Title: text.TN("look.rejected_title", int64(total))}
	for _, l := range lines {
		p.Rejected.Rows = append(p.Rejected.Rows, snapshotRejected(text, l))
	}
	if total > len(lines) {
		p.Rejected.More = text.TN("look.more", int64(total-len(lines)))
	}
	if total > 0 && s.may(c, actnow.RightExport) {
		p.Rejected.CSV = snapshotPath(snap.ID) + "/rejected.csv"
	}
	return s.render(c, "snapshot", p)
}

// snapshotRevisions lists the imports of the same report and month, and offers to
// write the report again if this is its newest.
func (s *Server) snapshotRevisions(c echo.Context, p *snapshotPage, snap reports.Snapshot) error {
	text := s.text(c)
	list, err := s.store.Snapshots(ctx(c), s.scope(c), snap.Report, 500)
	if err != nil {
		return err
	}
	if last, ok := newest(list); ok && last.ID == snap.ID && s.may(c, actnow.RightExport) { // only the newest is written again
		p.Head.Actions = []Action{{Text: "CSV", Href: writePath(snap.Report, reports.CSVFormat), Icon: "download"}, {Text: "XLSX", Href: writePath(snap.Report, reports.XLSXFormat), Icon: "download"}}
	}
	for _, other := range list {
		if other.Month != snap.Month {
			continue
		}
		p.Revisions = append(p.Revisions, newSnapshotRow(text, other))
		if other.Current && other.ID != snap.ID {
			p.Old = &Note{Kind: "warn", Text: text.T("snapshot.old", other.Revision), Action: &Action{Text: text.T("snapshot.see"), Href: snapshotPath(other.ID), Class: "small"}}
		}
	}
	return nil
}

// offerUndo offers to take the import back, or says that it was and offers to
// bring it back.
func (s *Server) offerUndo(c echo.Context, p *snapshotPage, snap reports.Snapshot) {
	text, path := s.text(c), snapshotPath(snap.ID)
	if snap.Undone() {
		p.Old = &Note{Kind: "warn", Text: text.T("undo.done", snap.UndoneBy, text.DateTime(snap.UndoneAt))}
		if s.mayUndo(c) {
			p.Old.Action = &Action{Text: text.T("undo.again"), Post: path + "/redo", Icon: "rotate-ccw", Class: "small"}
		}
	} else if s.mayUndo(c) {
		p.Head.Actions = append(p.Head.Actions, Action{Text: text.T("undo.crumb"), Href: path + "/undo", Icon: "rotate-ccw"})
	}
}

func snapshotRejected(text *Text, l reports.Rejected) rejectedRow {
	return rejectedRow{Line: l.Line, Field: l.Field, Reason: sentenceOf(text, l.Code, l.Reason, l.Args)}
}

// exportRejected sends all lines that could not be used, with their reasons.
func (s *Server) exportRejected(c echo.Context) error {
	snap, err := s.snapshot(c)
	if err != nil {
		return err
	}
	text, scope := s.text(c), s.scope(c)
	const page = 1000
	lines, total, err := s.store.RejectedRows(ctx(c), scope, snap.ID, 0, page)
	if err != nil {
		return err // before the file is begun
	}
	return s.sendRejected(c, func(yield func(rejectedRow) error) error {
		for offset := 0; offset < total && len(lines) > 0; {
			for _, l := range lines {
				if err := yield(snapshotRejected(text, l)); err != nil {
					return err
				}
			}
			offset += len(lines)
			if lines, _, err = s.store.RejectedRows(ctx(c), scope, snap.ID, offset, page); err != nil {
				return err
			}
		}
		return nil
	})
}

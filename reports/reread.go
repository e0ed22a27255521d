package reports

// Rereader types rows whose raw cells were kept, as they were typed when their
// file was imported.
type Rereader struct{ l *layout }

// NewRereader returns one for rows of a report with the given columns. separator
// is that of the file, which decides how amounts are written.
func NewRereader(kind Kind, separator string, columns []Column) *Rereader {
	l := &layout{kind: kind, columns: columns, at: map[string]int{}, style: Style(separator == ";")}
	for i, c := range columns {
		field := c.field()
		if field.Name != "" {
			l.at[field.Name] = i
		}
		l.fields = append(l.fields, field)
	}
	l.mapAreas()
	l.findCohorts()
	return &Rereader{l}
}

// field returns what the catalogue knows of the column as it was taken, the zero
// Field for one that was only kept.
func (c Column) field() Field {
	if c.Field == "" {
		return Field{}
	}
	if f, ok := Lookup(c.Header); ok && f.Name == c.Field {
		return f // also one that is known by its words alone
	}
	f, _ := FieldNamed(c.Field)
	return f
}

// Row types the cells of a line. ok is false for a line that would be rejected
// today.
func (r *Rereader) Row(line int, cells []string) (row Row, ok bool) {
	row, bad := r.l.row(record{line: line, cells: cells, count: len(cells)})
	return row, bad == nil
}

package scoring

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"slices"

	"actnow"
)

// The kinds and roles a column of a data set may have. Only features are ever
// learned from: an id names a row or its account, time orders rows, a leak was
// known only after the outcome, a treatment is what was done to the account.
var (
	columnKinds = []string{"numeric", "categorical", "date"}
	columnRoles = []string{"feature", "id", "time", "leak", "treatment"}
)

// columnSpec is a column of schema.json.
type columnSpec struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Role string `json:"role"`
}

// readSchema reads the columns that the schema names, in its order.
func readSchema(fsys fs.FS) ([]columnSpec, error) {
	const name = "schema.json"
	data, err := readFile(fsys, name)
	if err != nil {
		return nil, err
	}
	var schema struct {
		Columns []columnSpec `json:"columns"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &schema); err != nil {
		return nil, actnow.Invalid("error.data.json", name, "this is no JSON as expected: %s", oneLine(err))
	}
	if len(schema.Columns) == 0 || len(schema.Columns) > maxColumns {
		return nil, actnow.Invalid("error.data.columns", name, "a schema names 1 to %d columns, not %d", maxColumns, len(schema.Columns))
	}
	seen := map[string]bool{"row_id": true, "label": true, "amount": true}
	for _, c := range schema.Columns {
		switch {
		case c.Name == "" || seen[c.Name]:
			return nil, actnow.Invalid("error.data.name", name, "each column needs a name of its own, and not row_id, label or amount: %q", c.Name)
		case !slices.Contains(columnKinds, c.Kind):
			return nil, actnow.Invalid("error.data.kind", name, "the kind of %q must be numeric, categorical or date, not %q", c.Name, c.Kind)
		case !slices.Contains(columnRoles, c.Role):
			return nil, actnow.Invalid("error.data.role", name, "the role of %q must be feature, id, time, leak or treatment, not %q", c.Name, c.Role)
		}
		seen[c.Name] = true
	}
	return schema.Columns, nil
}

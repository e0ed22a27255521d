package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/reports"
)

// mapping is what people have said of columns of reports.
func (a *app) mapping(ctx context.Context) (reports.Mapping, error) {
	list, err := a.db.ColumnMappings(ctx)
	m := reports.Mapping{}
	for _, c := range list {
		m[c.Key] = c.Field
	}
	return m, err
}

// LookAgain looks at a report anew that was looked at and waits: what is said of
// columns may have changed.
func (a *app) LookAgain(ctx context.Context, by actnow.Actor, looked actnow.JobID) (actnow.JobID, error) {
	u, path, err := a.waiting(ctx, looked)
	if err != nil {
		return 0, err
	}
	u.Report, u.Problem = nil, nil
	return a.look(ctx, by, "report", path, u)
}

// parseMap reads the values of --map, each "Header=field".
func parseMap(values []string) (fields map[string]string, m reports.Mapping, err error) {
	fields, m = map[string]string{}, reports.Mapping{}
	for _, v := range values {
		i := strings.LastIndex(v, "=")
		if i < 0 {
			return nil, nil, usageError{fmt.Errorf(`--map %q is not written as "Header=field"`, v)}
		}
		key, field, err := reports.CheckMapped(v[:i], v[i+1:])
		if err != nil {
			return nil, nil, usageError{err}
		}
		fields[v[:i]], m[key] = field, field
	}
	return fields, m, nil
}

func newImportMappingsCommand(sh *shell) *cobra.Command {
	var forget string
	cmd := &cobra.Command{
		Use: "mappings [--forget HEADER]", Short: "list what people have said of columns of reports", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if forget != "" {
					err := a.db.ForgetColumn(ctx, commandLine, forget)
					if isNotFound(err) {
						return actnow.Invalid("error.no_such", "", "there is no %s %s", "mapping of", forget)
					}
					if err != nil {
						return err
					}
				}
				all, err := a.db.ColumnMappings(ctx)
				if err != nil {
					return err
				}
				type line struct {
					Header string `json:"header"`
					Field  string `json:"field"`
					By     string `json:"by"`
				}
				list := []line{}
				for _, m := range all {
					list = append(list, line{m.Header, m.Field, m.By})
				}
				return sh.print(list, func(w io.Writer) {
					fmt.Fprintln(w, "column\tmeans\tsaid by")
					for _, l := range list {
						fmt.Fprintf(w, "%s\t%s\t%s\n", l.Header, l.Field, l.By)
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&forget, "forget", "", "forget what was said of this column first")
	return cmd
}

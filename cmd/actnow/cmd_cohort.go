package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"actnow"
)

func isNotFound(err error) bool { return errors.Is(err, actnow.ErrNotFound) }

func newCohortCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "cohort", Short: "groups of customers for campaigns"}
	cmd.AddCommand(newCohortCreateCommand(sh), newCohortListCommand(sh), newCohortColumnsCommand(sh), newCohortConfirmCommand(sh), newCohortDismissCommand(sh))
	return cmd
}

// cohortLine is a cohort as commands print it. Its JSON is a contract with
// scripts.
type cohortLine struct {
	ID        actnow.CohortID `json:"id"`
	Name      string          `json:"name,omitempty"`
	Where     string          `json:"where,omitempty"`
	Customers int             `json:"customers"`
	Matched   int             `json:"matched"`
	Mailable  int             `json:"mailable"`
}

func newCohortCreateCommand(sh *shell) *cobra.Command {
	var name, where string
	cmd := &cobra.Command{
		Use: "create --name NAME --where FILTER", Short: "make a cohort of the customers that a filter chooses", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" || where == "" {
				return usageError{errors.New("--name and --where are wanted")}
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				c, err := a.db.CreateCohort(ctx, actnow.Everything, commandLine, name, where)
				if err != nil {
					return err
				}
				line := cohortLine{ID: c.ID, Customers: c.Counts.Customers, Matched: c.Counts.Matched, Mailable: c.Counts.Mailable}
				return sh.print(line, func(w io.Writer) {
					fmt.Fprintf(w, "cohort\t%d\ncustomers\t%d\nmatched\t%d\nmailable\t%d\n", line.ID, line.Customers, line.Matched, line.Mailable)
				})
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the cohort")
	cmd.Flags().StringVar(&where, "where", "", `filter, such as: area = azure and cluster = "Act Now" and org_size >= 25`)
	return cmd
}

func newCohortListCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the cohorts", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				all, err := a.db.Cohorts(ctx, actnow.Everything)
				if err != nil {
					return err
				}
				list := []cohortLine{}
				for _, c := range all {
					list = append(list, cohortLine{c.ID, c.Name, c.Filter, c.Counts.Customers, c.Counts.Matched, c.Counts.Mailable})
				}
				return sh.print(list, func(w io.Writer) {
					fmt.Fprintln(w, "id\tcustomers\tmatched\tmailable\tname")
					for _, c := range list {
						fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%s\n", c.ID, c.Customers, c.Matched, c.Mailable, c.Name)
					}
				})
			})
		},
	}
}

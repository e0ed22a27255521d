package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/scoring"
)

func newScoreMatrixCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "matrix", Short: "where bands begin, and which cluster fit and intent cross in"}
	cmd.AddCommand(newMatrixListCommand(sh), newMatrixTryCommand(sh), newMatrixAddCommand(sh), newMatrixUseCommand(sh))
	return cmd
}

func newMatrixListCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list all versions", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				all, active, err := a.db.Matrices(ctx)
				if err != nil {
					return err
				}
				type line struct {
					scoring.Matrix
					Active bool `json:"active"`
				}
				list := []line{}
				for i, m := range all {
					list = append(list, line{m, i == active})
				}
				return sh.print(list, func(w io.Writer) {
					fmt.Fprintln(w, "name\tversion\tin force\thigh\tmedium\tlow")
					for _, l := range list {
						fmt.Fprintf(w, "%s\t%d\t%t\t%g\t%g\t%g\n", l.Name, l.Version, l.Active, l.Edges.High, l.Edges.Medium, l.Edges.Low)
					}
				})
			})
		},
	}
}

func newMatrixTryCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "try FILE", Short: "tell whom a matrix would move, and save nothing", Args: exactly(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := readMatrixFile(sh, args[0])
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				shifts, err := a.db.MatrixEffect(ctx, m)
				if err != nil {
					return err
				}
				return sh.print(map[string][]scoring.Shift{"shifts": shifts}, func(w io.Writer) {
					fmt.Fprintln(w, "area\tfrom\tto\tcustomers")
					for _, s := range shifts {
						fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", s.Area, s.From, s.To, s.Customers)
					}
				})
			})
		},
	}
}

func newMatrixAddCommand(sh *shell) *cobra.Command {
	var use bool
	cmd := &cobra.Command{
		Use: "add FILE", Short: "save a matrix as the next version of its name", Args: exactly(1, "FILE"),
		Long: "FILE is JSON as list --json prints it: name, edges and cells.",
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := readMatrixFile(sh, args[0])
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				m, err := a.db.AddMatrix(ctx, commandLine, m)
				if err == nil && use {
					err = a.db.ChooseMatrix(ctx, commandLine, m.Name, m.Version)
				}
				if err != nil {
					return err
				}
				return sh.print(map[string]any{"name": m.Name, "version": m.Version, "active": use}, func(w io.Writer) { fmt.Fprintf(w, "%s\tversion %d\n", m.Name, m.Version) })
			})
		},
	}
	cmd.Flags().BoolVar(&use, "use", false, "put it in force, too")
	return cmd
}

func newMatrixUseCommand(sh *shell) *cobra.Command {
	var version int
	cmd := &cobra.Command{
		Use: "use NAME", Short: "put a matrix in force and place all customers anew", Args: exactly(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if version == 0 {
					all, _, err := a.db.Matrices(ctx)
					if err != nil {
						return err
					}
					if i := slices.IndexFunc(all, func(m scoring.Matrix) bool { return m.Name == args[0] }); i >= 0 { // newest version first
						version = all[i].Version
					}
				}
				if err := a.db.ChooseMatrix(ctx, commandLine, args[0], version); err != nil {
					name := args[0]
					if version != 0 {
						name = fmt.Sprintf("%s, version %d", name, version)
					}
					return notFound(err, "matrix", name)
				}
				return sh.print(map[string]any{"name": args[0], "version": version, "active": true}, func(w io.Writer) { fmt.Fprintf(w, "%s\tversion %d\tin force\n", args[0], version) })
			})
		},
	}
	cmd.Flags().IntVar(&version, "version", 0, "which version of it (default: the newest)")
	return cmd
}

// readMatrixFile reads a matrix from JSON. Without edges it has the default ones.
func readMatrixFile(sh *shell, path string) (m scoring.Matrix, err error) {
	f, err := sh.files.Open(path)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	m.Edges = actnow.DefaultEdges
	if err := json.NewDecoder(f).Decode(&m); err != nil {
		return m, actnow.Invalid("error.matrix_file", "", "%s is no matrix in JSON: %v", path, err)
	}
	return m, m.Check()
}

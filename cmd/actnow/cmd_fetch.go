package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/reports/insights"
)

func newFetchCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "fetch", Short: "fetch the reports from the Partner Insights API"}
	cmd.AddCommand(newFetchConnectCommand(sh), newFetchRunCommand(sh), newFetchStatusCommand(sh), newFetchDisconnectCommand(sh))
	return cmd
}

// fetchesOut is what fetch run and fetch status print. Its JSON is a contract
// with scripts.
type fetchesOut struct {
	Connection *insights.Connection `json:"connection,omitempty"`
	Fetches    []insights.Fetch     `json:"fetches"`
}

func (o fetchesOut) table(w io.Writer) {
	for _, f := range o.Fetches {
		name := f.Dataset
		if name == "" {
			name = "connection"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d rows\t%s\n", name, f.Month, f.State, f.Rows, f.Sentence)
		if f.Redacted {
			fmt.Fprintf(w, "\t\t\t\t%s\n", insights.NewNotice("fetch.note.redacted"))
		}
	}
}

func newFetchRunCommand(sh *shell) *cobra.Command {
	var datasets []string
	cmd := &cobra.Command{
		Use: "run [--dataset NAME]…", Short: "fetch now, import, match and score", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				list, failed := a.fetchNow(ctx, commandLine, datasets, sh.progress("fetch"))
				if list == nil && failed != nil {
					return failed
				}
				if broughtAnything(list) {
					_, matchErr := a.match(ctx, sh.progress("match"))
					_, scoreErr := a.score(ctx, nil, sh.progress("score"))
					failed = errors.Join(failed, matchErr, scoreErr)
				}
				out := fetchesOut{Fetches: list}
				return errors.Join(sh.print(out, out.table), failed)
			})
		},
	}
	cmd.Flags().StringArrayVar(&datasets, "dataset", nil, "fetch this dataset only, such as CLASAzurePropensity")
	return cmd
}

func newFetchStatusCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "say how fetching is connected and what came of each dataset", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				conn, err := a.db.FetchConnection(ctx)
				if err != nil && !isNotFound(err) {
					return err
				}
				out := fetchesOut{Connection: &conn}
				if out.Fetches, err = a.db.LatestFetches(ctx); err != nil {
					return err
				}
				return sh.print(out, func(w io.Writer) {
					switch {
					case conn.Tenant == "":
						fmt.Fprintln(w, insights.NewNotice("error.insights.not_set_up"))
					case !conn.Connected:
						fmt.Fprintln(w, insights.NewNotice("error.insights.not_connected"))
					default:
						fmt.Fprintf(w, "connected by %s since %s, tenant %s\n", conn.ConnectedBy, conn.ConnectedAt.In(a.zone).Format("2006-01-02 15:04"), conn.Tenant)
					}
					out.table(w)
				})
			})
		},
	}
}

func newFetchDisconnectCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "disconnect", Short: "forget the consent; the app registration stays", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if err := a.db.DisconnectFetching(ctx, commandLine); err != nil && !isNotFound(err) {
					return err
				}
				return printConnected(ctx, sh, a)
			})
		},
	}
}

func newFetchConnectCommand(sh *shell) *cobra.Command {
	var r insights.Registration
	var device bool
	var secretFile string
	cmd := &cobra.Command{
		Use: "connect [--device]", Short: "sign in at Microsoft once, so that reports can be fetched", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if err := register(ctx, sh, a, r, secretFile); err != nil {
					return err
				}
				connect := connectByBrowser
				if device {
					connect = connectByDevice
				}
				if err := connect(ctx, sh, a); err != nil {
					return err
				}
				return printConnected(ctx, sh, a)
			})
		},
	}
	cmd.Flags().BoolVar(&device, "device", false, "show a code to type on another device, where no browser can come back to this machine")
	cmd.Flags().StringVar(&r.Tenant, "tenant", "", "id or domain of the Entra tenant (default: as saved)")
	cmd.Flags().StringVar(&r.ClientID, "client-id", "", "application (client) id of the app registration (default: as saved)")
	cmd.Flags().StringVar(&secretFile, "client-secret-file", "", "file that holds the client secret, if the app registration has one")
	cmd.Flags().IntVar(&r.Days, "days", 0, fmt.Sprintf("on how many days from the 25th new content is looked for, 1 to %d (default: as saved, else %d)", insights.MaxDays, insights.DefaultDays))
	return cmd
}

// register saves what the flags say of the app registration; what they leave out
// stays as it was saved.
func register(ctx context.Context, sh *shell, a *app, r insights.Registration, secretFile string) error {
	if r == (insights.Registration{}) && secretFile == "" {
		return nil
	}
	was, err := a.db.FetchConnection(ctx)
	if err != nil && !isNotFound(err) {
		return err
	}
	if r.Tenant == "" {
		r.Tenant = was.Tenant
	}
	if r.ClientID == "" {
		r.ClientID = was.ClientID
	}
	if r.Days == 0 {
		r.Days = was.Days
	}
	if secretFile != "" {
		f, err := sh.files.Open(secretFile)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(io.LimitReader(f, 4<<10))
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		secret := strings.TrimSpace(string(data))
		r.Secret = &secret
	}
	return a.db.SaveFetchConnection(ctx, commandLine, r)
}

func connectByDevice(ctx context.Context, sh *shell, a *app) error {
	client, _, err := a.fetchClient(ctx)
	if err != nil {
		return err
	}
	d, err := client.Device(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(sh.stderr, "Open %s on any device and type this code: %s\n", d.URL, d.Code)
	if err := client.Await(ctx, d); err != nil {
		return err
	}
	return a.db.NoteFetchConnected(ctx, commandLine)
}

// callbackPath is where the browser comes back to, here as at the pages, so that
// one address in the app registration serves both.
const callbackPath = "/settings/fetching/callback"

// connectByBrowser waits on loopback for the browser to come back.
func connectByBrowser(ctx context.Context, sh *shell, a *app) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the browser: %w", err)
	}
	defer l.Close()
	back := make(chan url.Values, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+callbackPath, func(w http.ResponseWriter, r *http.Request) {
		select {
		case back <- r.URL.Query():
		default: // only the first counts
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "Act Now has the answer: the command says what came of it. You can close this page.")
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return err
	}
	to, err := a.FetchSignIn(ctx, "http://localhost:"+port+callbackPath)
	if err != nil {
		return err
	}
	fmt.Fprintf(sh.stderr, "Open this address in a browser on this machine and sign in (elsewhere, use --device):\n%s\n", to)
	late := time.NewTimer(signInLife)
	defer late.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-served:
		return fmt.Errorf("wait for the browser: %w", err)
	case <-late.C:
		return actnow.Invalid("error.insights.state", "", "nobody came back from the sign-in within %v: connect again", signInLife)
	case answer := <-back:
		err := a.FinishFetchSignIn(ctx, commandLine, answer)
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return errors.Join(err, srv.Shutdown(stop))
	}
}

func printConnected(ctx context.Context, sh *shell, a *app) error {
	conn, err := a.db.FetchConnection(ctx)
	if err != nil && !isNotFound(err) {
		return err
	}
	return sh.print(conn, func(w io.Writer) {
		if !conn.Connected {
			fmt.Fprintln(w, "not connected")
			return
		}
		fmt.Fprintf(w, "connected; new reports are fetched from the 25th, daily until they have changed, on at most %d days\n", conn.Days)
	})
}

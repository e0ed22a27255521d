package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"actnow"
)

// option is one setting: a flag, else its environment variable, else the file,
// else a default that works.
type option struct {
	name     string // of the flag; the variable is ACTNOW_NAME
	fallback string
	secret   bool // from the environment or the file only, never printed
	usage    string
}

var options = []option{
	{name: "data-dir", fallback: "data", usage: "folder in which everything is kept"},
	{name: "key-file", usage: "32 bytes for secrets at rest (default: DATA-DIR.key, beside the folder)"},
	{name: "listen", fallback: "127.0.0.1:8420", usage: "address of the pages and the API"},
	{name: "public-listen", fallback: "127.0.0.1:8421", usage: "address for unsubscribe, view, images and hooks"},
	{name: "public-url", usage: "https address by which the world reaches public-listen"},
	{name: "tls-cert", usage: "certificate file for public-listen, where no proxy does TLS"},
	{name: "tls-key", usage: "key file for public-listen"},
	{name: "acme-host", usage: "host name for which public-listen gets a certificate by itself (ACME)"},
	{name: "trusted-proxies", usage: "networks whose X-Forwarded-For is believed, parted by commas"},
	{name: "filter-memory", fallback: "512", usage: "MB that may be kept in memory so that filters answer at once; 0 for none"},
	{name: "watch-dir", usage: "folder from which reports are imported by themselves"},
	{name: "smtp-url", secret: true, usage: "mail server: smtp://user:pass@host:port?tls=mandatory|starttls|implicit|none"},
	{name: "smtp-connections", fallback: "4", usage: "connections to the mail server at a time"},
	{name: "mail-domain", usage: "domain of Message-IDs and return paths (default: that of the pack's sender)"},
	{name: "journal-url", secret: true, usage: "mailbox that gets a copy of every mail, for policy reconcile: imaps://user:pass@host/INBOX"},
	{name: "insights-url", usage: "Partner Insights API, where it is not that of the public cloud"},
	{name: "keep-fetched", fallback: "12", usage: "months for which fetched files are kept, those of current snapshots always; 0 for ever"},
	{name: "login-url", usage: "sign-in of Microsoft, where it is not that of the public cloud"},
	{name: "zone", fallback: "Europe/Stockholm", usage: "time zone of schedules and pages"},
	{name: "partner", usage: "name of the partner, as the pages show it"},
	{name: "metrics-token", secret: true, usage: "bearer token for /metrics from beyond loopback"},
	{name: "log-level", fallback: "info", usage: "debug, info, warn or error"},
}

// variable is the name of the option's environment variable.
func (o option) variable() string {
	return "ACTNOW_" + strings.ToUpper(strings.ReplaceAll(o.name, "-", "_"))
}

// setting is an option's value and where it came from.
type setting struct {
	option
	value, from string
}

// config is all settings by name.
type config map[string]setting

func (c config) get(name string) string { return c[name].value }

// number is the whole number that a setting must be.
func (c config) number(name string, least, most int) (int, error) {
	n, err := strconv.Atoi(c.get(name))
	if err != nil || n < least || n > most {
		return 0, actnow.Invalid("error.number", name, "%q is no whole number from %d to %d", c.get(name), least, most)
	}
	return n, nil
}

// addOptions gives cmd a flag for each option that is no secret. smtp-url is a
// flag too, since the contract with scripts says so.
func addOptions(cmd *cobra.Command) {
	for _, o := range options {
		if !o.secret || o.name == "smtp-url" {
			cmd.PersistentFlags().String(o.name, "", fmt.Sprintf("%s [%s]", o.usage, o.variable()))
		}
	}
	cmd.PersistentFlags().String("config", "", "file of settings, one name = value a line [ACTNOW_CONFIG]")
}

// loadConfig finds the value of every option.
func loadConfig(cmd *cobra.Command, sh *shell) (config, error) {
	path := sh.getenv("ACTNOW_CONFIG")
	if f := cmd.Flags().Lookup("config"); f != nil && f.Changed {
		path = f.Value.String()
	}
	file := map[string]string{}
	if path != "" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fileError(path, err)
		}
		defer f.Close()
		if file, err = readConfig(f); err != nil {
			return nil, err
		}
	}
	c := config{}
	for _, o := range options {
		s := setting{option: o, value: o.fallback, from: "default"}
		if v, ok := file[o.name]; ok {
			s.value, s.from = v, path
		}
		if v := sh.getenv(o.variable()); v != "" {
			s.value, s.from = v, o.variable()
		}
		if v := sh.getenv(o.variable() + "_FILE"); v != "" {
			b, err := os.ReadFile(v)
			if err != nil {
				return nil, fileError(v, err)
			}
			s.value, s.from = strings.TrimSpace(string(b)), v
		}
		if f := cmd.Flags().Lookup(o.name); f != nil && f.Changed {
			s.value, s.from = f.Value.String(), "--"+o.name
		}
		c[o.name] = s
	}
	return c, nil
}

// readConfig reads lines of name = value; # begins a comment line. A name that
// is none is an error that suggests the nearest one.
func readConfig(r io.Reader) (map[string]string, error) {
	known := map[string]bool{}
	for _, o := range options {
		known[o.name] = true
	}
	values := map[string]string{}
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || !known[name] {
			return nil, &actnow.InputError{Code: "error.config", Field: "config", Line: n, Args: []any{name},
				Text: fmt.Sprintf("%q is no setting: actnow config print lists them", name)}
		}
		values[name] = strings.TrimSpace(value)
	}
	return values, sc.Err()
}

// level is the least that is logged.
func (c config) level() (l slog.Level, err error) {
	if l.UnmarshalText([]byte(c.get("log-level"))) != nil {
		return l, actnow.Invalid("error.log_level", "log-level", "%q is no level of the log: write debug, info, warn or error", c.get("log-level"))
	}
	return l, nil
}

// zone is the time zone of the installation.
func (c config) zone() (*time.Location, error) {
	z, err := time.LoadLocation(c.get("zone"))
	if err != nil || c.get("zone") == "" {
		return nil, actnow.Invalid("error.zone", "zone", "%q is no time zone: write it as Europe/Stockholm", c.get("zone"))
	}
	return z, nil
}

// proxies are the networks that may speak for a client.
func (c config) proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, s := range strings.Split(c.get("trusted-proxies"), ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if addr, addrErr := netip.ParseAddr(s); err != nil && addrErr == nil {
			p, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, actnow.Invalid("error.proxy", "trusted-proxies", "%q is no network: write it as 10.0.0.0/8", s)
		}
		list = append(list, p)
	}
	return list, nil
}

func newConfigCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "show the settings"}
	cmd.AddCommand(&cobra.Command{
		Use: "print", Short: "show each setting and where it came from", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd, sh)
			if err != nil {
				return err
			}
			type line struct {
				Name  string `json:"name"`
				Value string `json:"value"`
				From  string `json:"from"`
			}
			var lines []line
			for _, s := range c {
				v := s.value
				if s.secret && v != "" {
					v = "(set)"
				}
				lines = append(lines, line{s.name, v, s.from})
			}
			sort.Slice(lines, func(i, j int) bool { return lines[i].Name < lines[j].Name })
			return sh.print(lines, func(w io.Writer) {
				for _, l := range lines {
					fmt.Fprintf(w, "%s\t%s\t%s\n", l.Name, l.Value, l.From)
				}
			})
		},
	})
	return cmd
}

package actnow

import (
	"slices"
	"time"
)

// Download is a list that somebody wants as a file: what is in it, and when it is
// made again.
type Download struct {
	ID        DownloadID
	Name      string
	Format    string // "csv" or "xlsx"
	Query     SheetQuery
	Owner     UserID // whose list it is; 0 is the command line
	Scope     Scope  // the most that it shows, whatever its owner may see
	By        string // who made it, in words
	CreatedAt time.Time
	Line      string        // the cron line by which it is made again, "" for never
	Zone      string        // of Line
	Newest    *DownloadFile // nil before the first
}

// DownloadFile is a Download as it was written once.
type DownloadFile struct {
	ID        DownloadFileID
	Download  DownloadID
	Job       JobID // the work of writing it
	State     JobState
	Message   string      // why it failed, in English
	Failure   *InputError // the same as a sentence of the catalogues, nil if there is none
	Format    string
	Scope     Scope // what its reader must be allowed to see
	Rows      int64
	Bytes     int64
	By        string
	MadeAt    time.Time
	ExpiresAt time.Time
}

// Covers reports whether everything that other may see may be seen by s too. The
// right to export is not looked at.
func (s Scope) Covers(other Scope) bool {
	both := s.Within(other)
	return both.AllLocations == other.AllLocations && both.Revenue == other.Revenue && both.Personal == other.Personal &&
		len(both.Locations) == len(other.Locations)
}

// Within returns what both s and other may see.
func (s Scope) Within(other Scope) Scope {
	both := Scope{AllLocations: s.AllLocations && other.AllLocations, Revenue: s.Revenue && other.Revenue, Personal: s.Personal && other.Personal, Export: s.Export && other.Export}
	switch {
	case both.AllLocations:
	case s.AllLocations:
		both.Locations = slices.Clone(other.Locations)
	case other.AllLocations:
		both.Locations = slices.Clone(s.Locations)
	default:
		for _, l := range s.Locations {
			if slices.Contains(other.Locations, l) {
				both.Locations = append(both.Locations, l)
			}
		}
	}
	return both
}

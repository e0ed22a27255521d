// Package storage keeps everything Act Now knows in one SQLite file.
//
// One connection writes. Callers hand their work to a committer, which runs what
// has gathered as savepoints of one transaction and shares its fsync (group
// commit); each caller waits until its own work is durable. A few connections
// read, and cannot write. Imports are staged in a file of their own and
// published in one transaction. A lock file beside the database keeps a second
// daemon out.
//
// SQL stays within what SQLite and PostgreSQL share; what differs stands in
// dialect.go.
package storage

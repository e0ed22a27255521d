// Package actnow holds the nouns, typed keys, states and errors that several
// packages of Act Now share. It imports the standard library only.
package actnow

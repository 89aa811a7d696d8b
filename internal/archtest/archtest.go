// Package archtest holds the plan of the house as a test: which room stands on which floor, which modules come in
// and where, and what no room does.
//
// An import goes down at least one floor, and rooms of a floor never import each other. A new room needs a line in
// the table of floors, a new module one in the table of modules (and a decision in docs/decisions that says why);
// both are meant to be noticed in review. Tests may import what they like, from modules that are for tests.
package archtest

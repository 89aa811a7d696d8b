package web

// What tests of this room's checks reach for.
var LocalPath = localPath

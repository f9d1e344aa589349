package main

// shellPermits says who may use which verb of the command line: whoever can run the program
// and read what is named here. A verb that is missing fails a test.
func shellPermits() map[string]string {
	const (
		nothing  = "anybody who can run the program"
		config   = "who can read the configuration and its secrets"
		database = "who can read the configuration, with its database"
		owner    = "who can read the configuration, as the owner of the tables"
		stops    = "who has an API token with `stop`"
	)
	return map[string]string{
		"demo": nothing + "; it holds a workspace of its own and listens on this machine only", "version": nothing, "config schema": nothing,
		"config check": config, "doctor": database, "route": config, "slack manifest": config, "serve": database,
		"verify": database, "export": database + "; the file is readable by its owner only", "migrate": owner, "redact": owner,
		"digest":         "who can read the configuration, with its database; it names nothing of private incidents",
		"release-check":  "who has an API token with `read`, or can read the configuration, with its database",
		"journal repair": "who can write the journal's file",
		"kill":           stops, "pause": stops, "hold": stops, "drill": "who has an API token with `drill`; it lets go of nothing but what the drill hung", "status": "who has an API token with `read`",
	}
}

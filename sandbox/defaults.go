package sandbox

// DefaultUsers returns the people of a fresh workspace, the app's bot included.
func DefaultUsers() []User {
	user := func(id, name, real, title, color string) User {
		return User{ID: id, Name: name, RealName: real, Title: title, Color: color, Email: name + "@example.com"}
	}
	guest := user("U0GUEST", "gus", "Gus (Guest)", "Agency", "8d8d8d")
	guest.IsRestricted = true
	bot := user(BotUserID, "tagout", "Tagout", "App", "0b6170")
	bot.IsBot, bot.Email = true, ""
	return []User{
		user("U0IC", "iris", "Iris (on-call IC)", "Incident commander", "2f6fde"),
		user("U0PLATFORM", "pat", "Pat (Platform)", "Platform owner", "0b7a75"),
		user("U0EXEC", "eve", "Eve (Exec sponsor)", "Executive sponsor", "6a4fb3"),
		user("U0LEGAL", "lena", "Lena (Legal)", "Counsel", "9c4a1a"),
		user("U0PRIVACY", "priya", "Priya (Privacy)", "Privacy officer", "a03472"),
		user("U0PROGRAM", "paul", "Paul (Program)", "Program lead", "3d7d2c"),
		user("U0REVOPS", "rosa", "Rosa (RevOps)", "Revenue operations", "b0701c"),
		user("U0FINANCE", "finn", "Finn (Finance)", "Finance", "536878"),
		user("U0MOPS", "mona", "Mona (MOPs)", "Marketing operations", "c2456b"),
		user("U0ENG", "enzo", "Enzo (Engineering)", "Engineer", "1d6a96"),
		user("U0OUTSIDER", "otto", "Otto (Sales)", "Sales", "7a6a3a"),
		guest,
		bot,
	}
}

// DefaultChannels returns the channels of a fresh workspace. Every full member is
// in all of them, the guest only in #general, the app only in #incidents.
func DefaultChannels() []Channel {
	var people []string
	for _, u := range DefaultUsers() {
		if !u.IsBot && !u.IsRestricted {
			people = append(people, u.ID)
		}
	}
	with := func(more ...string) []string { return append(append([]string(nil), people...), more...) }
	return []Channel{
		{ID: "C0GENERAL", Name: "general", Creator: "U0EXEC", Members: with("U0GUEST"), Purpose: "Everybody"},
		{ID: "C0INCIDENTS", Name: "incidents", Creator: "U0PLATFORM", Members: with(BotUserID), Purpose: "Every incident is announced here"},
		{ID: "C0SALES", Name: "sales", Creator: "U0OUTSIDER", Members: with(), Purpose: "Deals"},
	}
}

// DefaultUserGroups returns the user groups of a fresh workspace.
func DefaultUserGroups() []UserGroup {
	return []UserGroup{
		{ID: "S0LEGAL", Handle: "legal", Name: "Legal", Users: []string{"U0LEGAL"}},
		{ID: "S0ONCALL", Handle: "oncall", Name: "On-call", Users: []string{"U0ENG", "U0IC"}},
	}
}

// DefaultScopes returns every bot scope that a method of the sandbox asks for.
func DefaultScopes() []string {
	return []string{
		"app_mentions:read", "bookmarks:read", "bookmarks:write", "channels:history",
		"channels:join", "channels:manage", "channels:read", "chat:write",
		"chat:write.customize", "chat:write.public", "commands", "files:read", "files:write",
		"groups:history", "groups:read", "groups:write", "im:history", "im:read", "im:write",
		"mpim:history", "mpim:read", "mpim:write", "pins:read", "pins:write",
		"reactions:read", "reactions:write", "team:read", "usergroups:read",
		"users:read", "users:read.email",
	}
}

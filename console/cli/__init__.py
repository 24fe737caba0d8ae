"""The command line: verbs, their help, and how errors end a command. Each room declares its own verb's options."""

extension Options {
  /// What `--help` prints, and whoever starts the program on a terminal sees.
  package static let helpText = """
    onbehalf lets a backend call Oracle Fusion AI agents and REST APIs as the real end user.

    A program starts it and speaks JSON-RPC 2.0 over its standard input and output; on a terminal it only prints this.
    Try it from a shell:

      printf '{"jsonrpc":"2.0","id":1,"method":"ping"}\\n' | onbehalf

    Options, also as --option=value:

      --admin                 allow methods that change keys, profiles, secrets or stores
      --store STORE           where private keys are kept; also ONBEHALF_STORE
                                secret-service  the desktop's keyring, over D-Bus (default)
                                file:PATH       a file sealed with a passphrase, for servers
                                memory          nowhere: all keys are gone when it ends
      --passphrase-file PATH  the passphrase of --store file:PATH; read at each opening of the store
      --passphrase-fd N       the same from an inherited descriptor: read to its end at the start, and closed
                              (without either: $CREDENTIALS_DIRECTORY/onbehalf-passphrase, a systemd credential)
      --config PATH           the profile file; also ONBEHALF_CONFIG
                              (default $XDG_CONFIG_HOME/onbehalf/config.json)
      --policy PATH           rules that narrow what every profile allows
      --state PATH            the directory of the audit; also ONBEHALF_STATE (default $STATE_DIRECTORY, else
                              $XDG_STATE_HOME/onbehalf, else ~/.local/state/onbehalf)
      --framing FRAMING       auto (default), headers (Content-Length) or lines (one message per line)
      --log-level LEVEL       error, warn (default), info or debug; the log goes to standard error
      --no-parent-watch       do not end when the starting process ends; end of input still ends it
      --mcp                   speak MCP (one message per line) instead, for an assistant or an editor; with it
        --profile NAME          the saved profile to use
        --subject USER          the user every run is made for; the model cannot change it
        --agents PATTERNS       the agents it may run, such as PAYABLES_*,HR_TEAM
        --allow-resume          let it ask the person at the host for the approval that a run waits for
        --max-runs-per-minute N at most so many runs are started in a minute (default 10)
      --version               print the version and end
      --help                  print this and end

    SIGUSR1 drops every open key and every token; the next call reads the store again. The method lock drops them for good.

    """
}

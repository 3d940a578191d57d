extension SQLServerDouble {
  /// A bash script for the `process` service manager. Its first words are the control port and the site, whose name is the
  /// instance's; then come a verb, a host's directory, and a service. Where the directory's name ends in `-db` the service is the
  /// instance, which is switched on and off; elsewhere it is only said to run, and what the directory's file `takes_control` holds
  /// is sent to the site's instance when it starts.
  public static let serviceControl = """
    port=$1; site=$2; verb=$3; dir=$4; service=$5
    state=$(cat "$dir/state" 2>/dev/null || case $dir in *-db) echo running ;; *) echo stopped ;; esac)
    type=$(cat "$dir/start_type" 2>/dev/null || echo automatic)
    ask() {
      exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
      echo "$1" >&3
      read -r answer <&3
      case $answer in *'"ok": true'*) ;; *) echo "$answer" >&2; exit 1 ;; esac
    }
    power() { case $dir in *-db) ask "{\\"do\\": \\"power\\", \\"instance\\": \\"$site\\", \\"on\\": $1}" ;; esac; }
    take_control() {
      if [ -e "$dir/takes_control" ]; then
        ask "{\\"do\\": \\"sql\\", \\"instance\\": \\"$site\\", \\"database\\": \\"JAMS\\", \\"text\\": \\"$(cat "$dir/takes_control")\\"}"
      fi
    }
    case $verb in
    show) echo "[{\\"name\\": \\"$service\\", \\"state\\": \\"$state\\", \\"start_type\\": \\"$type\\"}]" ;;
    start)
      [ "$type" = disabled ] && { echo "$service is disabled" >&2; exit 5; }
      [ "$state" = running ] || { power true && take_control; } || exit 1
      echo running > "$dir/state" ;;
    stop)
      [ -e "$dir/unstoppable" ] && { echo "$service does not stop" >&2; exit 6; }
      [ "$state" = stopped ] || power false; echo stopped > "$dir/state" ;;
    set-start-type) echo "$6" > "$dir/start_type" ;;
    esac
    """
}

#!/bin/bash
# Rooms: the figures of docs/performance.md. Run it from the project's root, after the build has made
# benchmarks/target/parley-target.jar. Server on one core, load on the other, each in a process of its own.
#   benchmarks/signaling.sh calls     8000 rooms of two peers: join to welcome while 500 offers a second are relayed
#   benchmarks/signaling.sh relay     an offer of 4 KiB from peer to peer, and to /echo and back, in turn
#   benchmarks/signaling.sh room      rooms of 25, 50, 100 and 200 peers that join within a second
#   benchmarks/signaling.sh idle      live heap for each of 8000 idle peers, and of 8000 idle WebSockets
# ROUNDS (5). One line of JSON for each run goes to standard output. CLASSPATH in place of the jar is taken as it is.
set -u
classes=${CLASSPATH:-$PWD/benchmarks/target/parley-target.jar}
JAVA_HOME=${JDK25:-$(ls -d "$(dirname "$(readlink -f "$(command -v java)")")"/../../*25* 2>/dev/null | head -n 1)}
jvm="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Dio.netty.leakDetection.level=disabled"
rounds=${ROUNDS:-5}
port=7300

start() { # sets pid
  port=$((port + 1))
  taskset -c 0 "$JAVA_HOME/bin/java" -Xmx1g $jvm -cp "$classes" dev.parley.benchmarks.Target --port $port >/dev/null &
  pid=$!
  for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/healthz" && break; sleep .1; done
}
stop() { kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; }
load() {
  taskset -c 1 timeout 180 "$JAVA_HOME/bin/java" -Xmx1g $jvm -cp "$classes" dev.parley.benchmarks.SignalingLoad "$@" --port $port
}
live() { "$JAVA_HOME/bin/jcmd" "$pid" GC.run >/dev/null; sleep 1; "$JAVA_HOME/bin/jcmd" "$pid" GC.class_histogram | awk '/^Total/ {print $3}'; }

for _ in $(seq "$rounds"); do
  case ${1:-} in
    calls) start; load calls --seconds 2 >/dev/null; sleep 17; load calls; stop ;; # the first is for the compiler, and its peers are lost by then
    relay) start; load relay --rounds 1 --messages 10000; stop ;;
    room)
      start
      load room --peers 50 >/dev/null # for the compiler
      for peers in 25 50 100 200; do load room --peers $peers; done
      stop ;;
    idle)
      for path in /signal /echo /ws/idle; do
        start
        load idle --path $path --rooms 100 --seconds 1 >/dev/null
        sleep 17 # until the peers of before are lost
        before=$(live)
        there=$(mktemp)
        load idle --path $path --rooms 4000 --seconds 15 >"$there" & loading=$!
        until [ -s "$there" ] || ! kill -0 $loading 2>/dev/null; do sleep .2; done
        sleep 11 # timers of the handshakes run for 10 s
        echo "{\"test\":\"idle-heap\",\"path\":\"$path\",\"bytes_each\":$((($(live) - before) / 8000))}"
        wait $loading
        rm "$there"
        stop
      done ;;
    *) sed -n 2,9p "$0"; exit 2 ;;
  esac
done

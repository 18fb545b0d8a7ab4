#!/bin/bash
# Event streams from topics beside peers: the figures of docs/performance.md that run-peers.sh does not make.
# Run it from the project's root, after the build has made benchmarks/target/parley-target.jar and run-peers.sh has built
# the peers and the load generator in $WORK.
#   benchmarks/streams.sh pipeline     16 and 256 posts in flight, parley and netty-raw in turn
#   benchmarks/streams.sh rate         20 publications a second to 1000 subscribers, all peers in turn
#   benchmarks/streams.sh growth       100, 1000, 10000 and 18000 subscribers
#   benchmarks/streams.sh idle         live heap of 18000 idle streams, after a full collection
# ROUNDS (5), SECS (3); PEERS for "rate". One line of JSON for each run goes to standard output.
set -u
bench=${BENCH:-../shared/bench}
work=${WORK:-${TMPDIR:-/tmp}/peers}
jar=${PARLEY_JAR:-$PWD/benchmarks/target/parley-target.jar}
JAVA_HOME=${JDK25:-$(ls -d "$(dirname "$(readlink -f "$(command -v java)")")"/../../*25* 2>/dev/null | head -n 1)}
jvm="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Dio.netty.leakDetection.level=disabled"
rounds=${ROUNDS:-5}
secs=${SECS:-3}
port=7200

start() { # PEER: sets pid (to stop) and pids (to measure)
  port=$((port + 1))
  pids=
  case $1 in
    parley)    taskset -c 0 "$JAVA_HOME/bin/java" $jvm -jar "$jar" --port $port >/dev/null 2>&1 & ;;
    netty-raw) taskset -c 0 "$JAVA_HOME/bin/java" $jvm -cp "$work/classes:$work/lib/*" PeerNettyRaw $port >/dev/null 2>&1 & ;;
    undertow)  taskset -c 0 "$JAVA_HOME/bin/java" $jvm -cp "$work/classes:$work/lib/*" PeerUndertow $port >/dev/null 2>&1 & ;;
    vertx)     taskset -c 0 "$JAVA_HOME/bin/java" $jvm -cp "$work/classes:$work/lib/*" PeerVertx $port >/dev/null 2>&1 & ;;
    jetty)     taskset -c 0 "$JAVA_HOME/bin/java" $jvm -cp "$work/classes:$work/lib/*" PeerJetty $port >/dev/null 2>&1 & ;;
    bun)       taskset -c 0 "$work/bun/node_modules/.bin/bun" "$bench/peers/bun/server.js" $port >/dev/null 2>&1 & ;;
  esac
  pid=$!
  for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/healthz" && break; sleep .1; done
  pids=$pid
}
stop() { kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; }
load() { # PEER TEST ARGS...
  local peer=$1 test=$2; shift 2
  taskset -c 1 timeout 120 "$work/load" "$@" --port $port --pid "$pids" --label "$peer" --seconds $secs 2>/dev/null | sed "s|^{|{\"test\":\"$test\",|"
}
fanout() { # PEER TEST CONNS ARGS...
  local peer=$1 test=$2 conns=$3; shift 3
  load "$peer" "$test" sse-fanout --path "/sse/$test" --publish-path "/publish/$test" --conns "$conns" --size 128 --warmup 1.5 "$@"
}
live() { "$JAVA_HOME/bin/jcmd" "$pid" GC.run >/dev/null; sleep 1; "$JAVA_HOME/bin/jcmd" "$pid" GC.class_histogram | awk '/^Total/ {print $3}'; }

for round in $(seq "$rounds"); do
  case ${1:-} in
    pipeline)
      for peer in parley netty-raw; do
        start $peer
        for k in 16 256; do fanout $peer "pipeline-$k" 1000 --pipeline $k --warmup-cpu 3; done
        stop
      done ;;
    rate)
      for peer in ${PEERS:-parley netty-raw bun undertow vertx jetty}; do
        start $peer; fanout $peer rate-20 1000 --rate 20 --warmup 4; stop
      done ;;
    growth)
      start parley
      for n in 100 1000 10000 18000; do fanout parley "growth-$n" $n --warmup-cpu 2; done
      stop ;;
    idle)
      for peer in parley netty-raw; do
        start $peer
        load $peer warm sse-idle --path /sse/warm --conns 200 --hold 1 >/dev/null
        before=$(live)
        load $peer idle-18000 sse-idle --path /sse/idle --conns 18000 --hold 20 & loading=$!
        sleep 14
        echo "{\"test\":\"idle-heap\",\"label\":\"$peer\",\"bytes_per_stream\":$((($(live) - before) / 18000))}"
        wait $loading
        stop
      done ;;
    *) sed -n 2,11p "$0"; exit 2 ;;
  esac
done

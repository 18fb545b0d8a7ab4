package dev.parley.benchmarks;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Loads the signaling endpoint of a {@link Target}, in a process of its own.
 *
 * <pre>
 * java -cp parley-target.jar dev.parley.benchmarks.SignalingLoad TEST --port P [--name VALUE]…
 *
 * calls   rooms of two peers: how long it takes from join to welcome while offers are relayed
 *         [--rooms 8000] [--joins 1000 a second] [--offers 500 a second] [--seconds 10 more after all have joined]
 * relay   an offer from peer to peer, and the same text to /echo, in turn
 *         [--messages 5000 of each a round] [--rounds 5]
 * room    one room that fills within a second
 *         [--peers 100]
 * idle    rooms of two peers, or open WebSockets of another path, that say nothing
 *         [--rooms 4000] [--path /echo] [--seconds 30]
 * </pre>
 *
 * <p>It prints one line of JSON, {@code idle} one before that when all are there. Offers are of 4 KiB, and carry the time at which they were sent. It all runs on one
 * event loop, and what that adds to a latency is not taken off.
 */
public final class SignalingLoad {
    private static final int OFFER_BYTES = 4096;
    private static final long ACK_MILLIS = 5_000;
    private static final int ACK_PARTS = 500;
    /** Of one address. */
    private static final int PORTS = 2_000;

    private static final int MAX_SHOWN = 5;
    /** A server that is behind is given no more connections to be behind with. */
    private static final int MAX_CONNECTING = 50;

    /** What the time of sending stands behind, in an offer. */
    private static final String SENT_AT = "o=- ";

    /** Rooms of an earlier run may still be there. */
    private final String run = Long.toString(ProcessHandle.current().pid());

    private final Map<String, String> arguments;
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final Bootstrap bootstrap = new Bootstrap().group(group).channel(EpollSocketChannel.class);
    private final InetSocketAddress server;
    private final CompletableFuture<String> result = new CompletableFuture<>();

    private final List<LoadPeer> peers = new ArrayList<>();
    private final Latencies joins = new Latencies();
    private final Latencies offers = new Latencies();
    private final Latencies echoes = new Latencies();
    private Progress progress = new Progress() {};
    private int opened;
    private int connecting;
    private int acknowledging;
    private long messagesReceived;
    private long bytesReceived;
    private long errors;
    private boolean ending;

    /** What a test does when something has happened. */
    interface Progress {
        default void welcomed(LoadPeer peer, long nanos) {}

        default void offered(long nanos) {}

        default void settled(LoadPeer peer) {}
    }

    private SignalingLoad(Map<String, String> arguments) {
        this.arguments = arguments;
        server = new InetSocketAddress(InetAddress.getLoopbackAddress(), number("port", 8080));
    }

    /**
     * Runs one test.
     *
     * @param args see above
     */
    public static void main(String[] args) {
        Map<String, String> arguments = new HashMap<>();
        for (int i = 1; i + 1 < args.length; i += 2) {
            arguments.put(args[i], args[i + 1]);
        }
        SignalingLoad load = new SignalingLoad(arguments);
        String test = args.length == 0 ? "" : args[0];
        Runnable begin = switch (test) {
            case "calls" -> load::calls;
            case "relay" -> load::relay;
            case "room" -> load::room;
            case "idle" -> load::idle;
            default -> throw new IllegalArgumentException(test + ": no test (expected: calls, relay, room or idle)");
        };
        load.loop.execute(begin);
        load.loop.scheduleAtFixedRate(
                load::acknowledge, ACK_MILLIS / ACK_PARTS, ACK_MILLIS / ACK_PARTS, TimeUnit.MILLISECONDS);
        System.out.println("{\"test\":\"" + test + "\"," + load.result.join() + ",\"errors\":" + load.errors + "}");
        System.exit(load.errors == 0 ? 0 : 1);
    }

    /** Peers that have got something say so within 5 s, and not all at once. */
    private void acknowledge() {
        for (int i = acknowledging; i < peers.size(); i += ACK_PARTS) {
            peers.get(i).acknowledge();
        }
        acknowledging = (acknowledging + 1) % ACK_PARTS;
    }

    private int number(String name, int otherwise) {
        return Integer.parseInt(arguments.getOrDefault("--" + name, Integer.toString(otherwise)));
    }

    private String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private void end(String members) {
        ending = true;
        result.complete(members);
    }

    // ---- what peers tell

    void received(int bytes) {
        messagesReceived++;
        bytesReceived += bytes;
    }

    void welcomed(LoadPeer peer, long nanos) {
        progress.welcomed(peer, nanos);
    }

    void offered(long now, String text) {
        int from = text.indexOf(SENT_AT) + SENT_AT.length();
        progress.offered(now - Long.parseLong(text.substring(from, text.indexOf(' ', from))));
    }

    void settled(LoadPeer peer) {
        progress.settled(peer);
    }

    void unexpected(String what) {
        if (!ending && ++errors <= MAX_SHOWN) {
            System.err.println("not expected: " + what);
        }
    }

    // ---- what peers say

    private LoadPeer join(String room, String name) {
        LoadPeer peer = new LoadPeer(this, room + '-' + run, name);
        peers.add(peer);
        connect("/signal", peer);
        return peer;
    }

    /** To find a free port takes the kernel long where many are taken: up to 1 ms each, on the loop that measures. So there are more addresses. */
    private InetSocketAddress source() {
        return new InetSocketAddress(
                NetUtil.createInetAddressFromIpAddressString("127.0.0." + (2 + opened++ / PORTS)), 0);
    }

    private void connect(String path, LoadSocket.Listener listener) {
        connecting++;
        LoadSocket.connect(bootstrap, loop, source(), server, path, new LoadSocket.Listener() {
            private boolean settled;

            @Override
            public void opened(LoadSocket socket) {
                settle();
                listener.opened(socket);
            }

            @Override
            public void received(LoadSocket socket, String text, int bytes) {
                listener.received(socket, text, bytes);
            }

            @Override
            public void closed(LoadSocket socket) {
                settle();
                listener.closed(socket);
            }

            private void settle() {
                connecting -= settled ? 0 : 1;
                settled = true;
            }
        });
    }

    /** An offer as a browser makes it, with what it is told to send in front. */
    private static String offer(String to, long now) {
        return "{\"type\":\"offer\",\"payload\":{\"to\":\"" + to + "\",\"sdp\":\"v=0\\r\\n" + SENT_AT + now
                + OFFER_REST;
    }

    private static final String OFFER_REST = offerRest();

    private static String offerRest() {
        StringBuilder sdp = new StringBuilder(" 2 IN IP4 127.0.0.1\\r\\ns=-\\r\\nt=0 0\\r\\na=group:BUNDLE 0\\r\\n"
                + "m=video 9 UDP/TLS/RTP/SAVPF 96 97\\r\\nc=IN IP4 0.0.0.0\\r\\na=mid:0\\r\\na=ice-ufrag:Ab3d\\r\\n"
                + "a=ice-pwd:0123456789abcdefghijklmn\\r\\na=setup:actpass\\r\\na=sendrecv\\r\\na=rtcp-mux\\r\\n");
        for (int i = 0; sdp.length() < OFFER_BYTES - 120; i++) {
            sdp.append("a=rtpmap:")
                    .append(i)
                    .append(" VP8/90000\\r\\na=rtcp-fb:")
                    .append(i)
                    .append(" nack pli\\r\\n");
        }
        return sdp.append("\"}}").toString();
    }

    /** Does something so often a second, until it says that it is done. */
    private void pace(int perSecond, Paced paced) {
        long begin = System.nanoTime();
        long[] done = {0};
        ScheduledFuture<?>[] running = {null};
        running[0] = loop.scheduleAtFixedRate(
                () -> {
                    long due = (System.nanoTime() - begin) * perSecond / TimeUnit.SECONDS.toNanos(1);
                    while (done[0] < due && connecting < MAX_CONNECTING) {
                        if (!paced.next(done[0]++)) {
                            Objects.requireNonNull(running[0]).cancel(false);
                            return;
                        }
                    }
                },
                1,
                1,
                TimeUnit.MILLISECONDS);
    }

    private interface Paced {
        /** Does it once more, or returns {@code false}. */
        boolean next(long count);
    }

    // ---- the tests

    private void calls() {
        int rooms = number("rooms", 8000);
        int warm = rooms / 4; // rooms that join before anything counts
        int perSecond = number("offers", 500);
        long[] sent = {0};
        long[] welcomed = {0};
        boolean[] over = {false};
        List<LoadPeer> callers = new ArrayList<>();
        progress = new Progress() {
            @Override
            public void welcomed(LoadPeer peer, long nanos) {
                if (++welcomed[0] > 2L * warm) {
                    joins.add(nanos);
                }
                if (peer.other() != null) {
                    callers.add(peer);
                }
                if (welcomed[0] == 2L * rooms) {
                    loop.schedule(() -> over[0] = true, number("seconds", 10), TimeUnit.SECONDS);
                }
            }

            @Override
            public void offered(long nanos) {
                offers.add(nanos);
            }
        };
        pace(number("joins", 1000), count -> {
            join("room-" + count / 2, "peer-" + count);
            return count + 1 < 2L * rooms;
        });
        pace(perSecond, count -> {
            if (!callers.isEmpty() && !over[0]) {
                LoadPeer caller = callers.get((int) (count % callers.size()));
                caller.send(offer(Objects.requireNonNull(caller.other()), System.nanoTime()));
                sent[0]++;
            }
            if (over[0]) {
                loop.schedule(
                        () -> end(line(
                                "\"rooms\":%d,\"joined\":%d,%s,\"offers\":%d,\"lost\":%d,%s",
                                rooms,
                                welcomed[0],
                                joins.members("join"),
                                sent[0],
                                sent[0] - offers.count(),
                                offers.members("relay"))),
                        2,
                        TimeUnit.SECONDS);
            }
            return !over[0];
        });
    }

    private void relay() {
        int messages = number("messages", 5000);
        int rounds = number("rounds", 5);
        StringBuilder differences = new StringBuilder();
        LoadPeer ann = join("relay", "Ann");
        LoadSocket[] echo = {null};
        int[] round = {-1}; // the first one is for the compiler
        Latencies[] now = {new Latencies(), new Latencies()};
        Runnable offer = () -> ann.send(offer(Objects.requireNonNull(ann.other()), System.nanoTime()));
        connect("/echo", new LoadSocket.Listener() {
            @Override
            public void opened(LoadSocket socket) {
                echo[0] = socket;
                join("relay", "Bob");
            }

            @Override
            public void received(LoadSocket socket, String text, int bytes) {
                int from = text.indexOf(SENT_AT) + SENT_AT.length();
                long taken = System.nanoTime() - Long.parseLong(text.substring(from, text.indexOf(' ', from)));
                now[1].add(taken);
                if (round[0] >= 0) {
                    echoes.add(taken);
                }
                if (now[1].count() == messages) {
                    if (round[0] >= 0) {
                        differences.append(line(
                                "%s%.3f",
                                differences.isEmpty() ? "" : ",",
                                (now[0].percentile(50) - now[1].percentile(50)) / 1e6));
                    }
                    now[0] = new Latencies();
                    now[1] = new Latencies();
                    round[0]++;
                }
                if (round[0] == rounds) {
                    end(line(
                            "\"rounds\":%d,\"messages\":%d,\"bytes\":%d,%s,%s,\"added_p50_ms\":%.3f,\"added_p50_ms_of_rounds\":[%s]",
                            rounds,
                            messages,
                            text.length(),
                            offers.members("relay"),
                            echoes.members("echo"),
                            (offers.percentile(50) - echoes.percentile(50)) / 1e6,
                            differences));
                } else {
                    offer.run();
                }
            }

            @Override
            public void closed(LoadSocket socket) {
                unexpected("the end of the echo");
            }
        });
        progress = new Progress() {
            @Override
            public void settled(LoadPeer peer) {
                offer.run(); // Bob is there
            }

            @Override
            public void offered(long taken) {
                now[0].add(taken);
                if (round[0] >= 0) {
                    offers.add(taken);
                }
                Objects.requireNonNull(echo[0]).send(offer(Objects.requireNonNull(ann.other()), System.nanoTime()));
            }
        };
    }

    private void room() {
        int size = number("peers", 100);
        long begin = System.nanoTime();
        int[] settled = {0};
        progress = new Progress() {
            @Override
            public void welcomed(LoadPeer peer, long nanos) {
                joins.add(nanos);
                settled(peer);
            }

            @Override
            public void settled(LoadPeer peer) {
                if (peer.others() == size - 1 && ++settled[0] == size) {
                    end(line(
                            "\"peers\":%d,\"settled_ms\":%.1f,\"messages\":%d,\"bytes\":%d,\"bytes_per_join\":%d,\"bytes_per_pair\":%d,%s",
                            size,
                            (System.nanoTime() - begin) / 1e6,
                            messagesReceived,
                            bytesReceived,
                            bytesReceived / size,
                            bytesReceived / ((long) size * (size - 1)),
                            joins.members("join")));
                }
            }
        };
        pace(size, count -> {
            join("large", "peer-" + count);
            return count + 1 < size;
        });
    }

    private void idle() {
        int sockets = 2 * number("rooms", 4000);
        String path = arguments.getOrDefault("--path", "/signal");
        int[] there = {0};
        Runnable arrived = () -> {
            if (++there[0] == sockets) {
                System.out.println("{\"test\":\"idle\",\"path\":\"" + path + "\",\"there\":" + sockets + "}");
                loop.schedule(
                        () -> end(line("\"path\":\"%s\",\"sockets\":%d", path, sockets)),
                        number("seconds", 30),
                        TimeUnit.SECONDS);
            }
        };
        progress = new Progress() {
            @Override
            public void welcomed(LoadPeer peer, long nanos) {
                arrived.run();
            }
        };
        LoadSocket.Listener silent = new LoadSocket.Listener() {
            @Override
            public void opened(LoadSocket socket) {
                arrived.run();
            }

            @Override
            public void received(LoadSocket socket, String text, int bytes) {
                unexpected(text);
            }

            @Override
            public void closed(LoadSocket socket) {
                unexpected("the end of a WebSocket");
            }
        };
        pace(number("joins", 1000), count -> {
            if (path.equals("/signal")) {
                join("room-" + count / 2, "peer-" + count);
            } else {
                connect(path, silent);
            }
            return count + 1 < sockets;
        });
    }
}

package dev.parley.signaling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rooms as tables of events: what happens, and what each peer is told of it. A line is {@code who: what}; names stand for ids. What follows
 * {@code >} is what comes of the line before it, in order.
 */
class RoomTest {
    private static final String SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

    static Stream<Arguments> tables() {
        return Stream.of(
                table("who comes later is polite, and all are told who is there", """
                        ann: join
                        > ann: welcome []
                        bob: join
                        > bob: welcome [ann owner polite]
                        > ann: joined bob impolite
                        eve: join
                        > eve: welcome [ann owner polite, bob polite]
                        > ann: joined eve impolite
                        > bob: joined eve impolite
                        """),
                table("signals go to whom they are for, and say from whom they are", """
                        ann: join
                        bob: join
                        eve: join
                        eve: offer to ann
                        > ann: offer from eve
                        ann: answer to eve
                        > eve: answer from ann
                        ann: candidate to bob
                        > bob: candidate from ann
                        bob: restart to ann
                        > ann: restart from bob
                        """),
                table("messages go to one, or to all others", """
                        ann: join
                        bob: join
                        eve: join
                        ann: message to bob
                        > bob: message from ann
                        ann: message
                        > bob: message from ann
                        > eve: message from ann
                        """),
                table("nobody is told of one who breaks off and comes back, and that one misses nothing", """
                        ann: join
                        bob: join
                        bob: breaks off
                        ann: offer to bob
                        eve: join
                        > eve: welcome [ann owner polite, bob polite]
                        > ann: joined eve impolite
                        +14s
                        bob: resume
                        > bob: welcome back []
                        > bob: offer from ann
                        > bob: joined eve impolite
                        +60s
                        """),
                table("who does not come back is lost", """
                        ann: join
                        bob: join
                        bob: breaks off
                        +14s
                        +1s
                        > ann: left bob lost
                        bob: resume
                        > bob: error unknown_session
                        """),
                table("a second connection of the same session takes over from the first", """
                        ann: join
                        bob: join
                        bob: resume
                        > bob: closed 4001
                        > bob: welcome back []
                        ann: offer to bob
                        > bob: offer from ann
                        """),
                table("what was lost on the way comes again, in order; what arrived does not", """
                        ann: join
                        bob: join
                        ann: offer to bob
                        > bob: offer from ann
                        bob: loses what it hears
                        ann: candidate to bob
                        ann: restart to bob
                        bob: breaks off
                        bob: resume
                        > bob: welcome back []
                        > bob: candidate from ann
                        > bob: restart from ann
                        """),
                table("a room takes so many", """
                        ann: join
                        bob: join
                        eve: join
                        zoe: join
                        > zoe: error room_full
                        bob: leave
                        > bob: out left
                        > bob: closed 1000
                        > ann: left bob left
                        > eve: left bob left
                        zoe: join
                        > zoe: welcome [ann owner polite, eve polite]
                        > ann: joined zoe impolite
                        > eve: joined zoe impolite
                        """),
                table("one that is away keeps its place", """
                        ann: join
                        bob: join
                        eve: join
                        eve: breaks off
                        zoe: join
                        > zoe: error room_full
                        eve: resume
                        > eve: welcome back []
                        """),
                table("a locked room takes nobody else, but who was there comes back", """
                        ann: join
                        bob: join
                        ann: lock
                        > ann: room locked
                        > bob: room locked
                        eve: join
                        > eve: error room_locked
                        bob: breaks off
                        bob: resume
                        > bob: welcome back []
                        bob: lock
                        > bob: error not_allowed
                        ann: unlock
                        > ann: room open
                        > bob: room open
                        eve: join
                        > eve: welcome [ann owner polite, bob polite]
                        > ann: joined eve impolite
                        > bob: joined eve impolite
                        """),
                table("who knocks waits for an owner", """
                        ann: join
                        bob: knock
                        > bob: waiting
                        > ann: knock bob
                        bob: offer to ann
                        > bob: error not_joined
                        ann: admit bob
                        > ann: knock ended bob
                        > bob: welcome [ann owner polite]
                        > ann: joined bob impolite
                        eve: knock
                        > eve: waiting
                        > ann: knock eve
                        ann: evict eve
                        > ann: knock ended eve
                        > eve: out evicted
                        > eve: closed 4000
                        zoe: knock
                        > zoe: waiting
                        > ann: knock zoe
                        zoe: breaks off
                        > ann: knock ended zoe
                        ann: admit zoe
                        > ann: error unknown_peer
                        """),
                table("a room without an owner has the one who was there longest for it", """
                        ann: join
                        bob: join
                        eve: join
                        ann: leave
                        > ann: out left
                        > ann: closed 1000
                        > bob: left ann left
                        > eve: left ann left
                        > bob: updated bob owner impolite
                        > eve: updated bob owner polite
                        bob: evict eve
                        > eve: out evicted
                        > eve: closed 4000
                        > bob: left eve evicted
                        """),
                table("a room that is closed has nobody in it, and its name is free", """
                        ann: join
                        bob: join
                        bob: close
                        > bob: error not_allowed
                        ann: close
                        > ann: out closed
                        > ann: closed 4000
                        > bob: out closed
                        > bob: closed 4000
                        bob: resume
                        > bob: error unknown_session
                        bob: join
                        > bob: welcome []
                        """),
                table("candidates of an earlier try are dropped, on both sides", """
                        ann: join
                        bob: join
                        bob: offer to ann
                        > ann: offer from bob
                        ann: candidate to bob
                        > bob: candidate from ann
                        bob: offer 1 to ann
                        > ann: offer from bob
                        ann: candidate to bob
                        bob: candidate to ann
                        ann: candidate 1 to bob
                        > bob: candidate from ann
                        """),
                table("what is wrong is told to who said it, and harms nobody", """
                        ann: offer to ann
                        > ann: error not_joined
                        ann: join
                        ann: join
                        > ann: error already_joined
                        ann: offer to ann
                        > ann: error unknown_peer
                        ann: offer to nobody
                        > ann: error unknown_peer
                        ann: admit nobody
                        > ann: error unknown_peer
                        bob: join
                        > bob: welcome [ann owner polite]
                        > ann: joined bob impolite
                        """),
                table("others hear of a new name, each in its own words of politeness", """
                        ann: join
                        bob: join
                        eve: join
                        bob: update
                        > ann: updated bob impolite
                        > bob: updated bob impolite
                        > eve: updated bob polite
                        """),
                table("a room in which nothing happens is closed", """
                        ann: join
                        +11h
                        ann: update
                        > ann: updated ann owner impolite
                        +11h
                        +1h
                        > ann: out closed
                        > ann: closed 4000
                        """));
    }

    private static Arguments table(String name, String events) {
        return Arguments.of(name, events);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tables")
    void happens(String name, String events) {
        Script script = new Script();
        List<String> lines = events.lines().filter(line -> !line.isBlank()).toList();
        // Of a line without any consequences in the table, consequences are only looked at if the table is about them.
        for (int i = 0; i < lines.size(); ) {
            String line = lines.get(i++);
            List<String> expected = new ArrayList<>();
            while (i < lines.size() && lines.get(i).startsWith("> ")) {
                expected.add(lines.get(i++).substring(2));
            }
            List<String> told = script.play(line);
            if (!expected.isEmpty() || !line.endsWith(": join")) {
                assertThat(told).as(line).containsExactlyElementsOf(expected);
            }
        }
        script.end();
    }

    /** As a browser does whose server is on another thread. */
    @Test
    void whoAnswersItsWelcomeAtOnceIsHeard() {
        Script script = new Script();
        script.play("ann: join");
        Script.Side bob = script.side("bob");
        bob.whenWelcomed = () -> bob.does("offer to ann");

        assertThat(script.play("bob: join"))
                .containsExactly("bob: welcome [ann owner polite]", "ann: joined bob impolite", "ann: offer from bob");
        script.end();
    }

    @Test
    void whoMayOnlyJoinDoesNotCreateARoomThatWasThereAMomentAgo() {
        Script script = new Script();
        assertThat(script.play("ann: guest")).containsExactly("ann: error not_allowed");
        script.play("bob: join");
        assertThat(script.play("ann: guest")).first().isEqualTo("ann: welcome [bob owner polite]");
        script.end();
    }

    /** Plays lines, and writes down what is told. */
    private static final class Script {
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");
        private final List<String> told = new ArrayList<>();
        private final Map<String, Side> sides = new HashMap<>();
        private final Map<String, String> names = new HashMap<>();
        private final Rooms rooms = new Rooms(new Rooms.Settings(
                wish -> CompletableFuture.completedStage(
                        switch (wish.token().orElse("")) {
                            case "knock" -> Admission.knock();
                            case "guest" -> Admission.accept().joiningOnly();
                            default -> Admission.accept();
                        }),
                IceServers.none(),
                RoomSettings.builder().maxPeers(3).build(),
                new RoomListener() {},
                10,
                10,
                Duration.ofSeconds(10),
                Duration.ofSeconds(15),
                65536,
                1024,
                16384,
                4096,
                new Allowance.PerMinute(100, 100, 100),
                16,
                65536,
                1 << 20,
                () -> now));

        List<String> play(String line) {
            told.clear();
            Matcher time = Pattern.compile("\\+(\\d+)([sh])").matcher(line);
            if (time.matches()) {
                long count = Long.parseLong(time.group(1));
                now = now.plus(time.group(2).equals("s") ? Duration.ofSeconds(count) : Duration.ofHours(count));
                rooms.tick();
            } else {
                String[] words = line.split(": ", 2);
                side(words[0]).does(words[1]);
            }
            return List.copyOf(told);
        }

        Side side(String name) {
            return sides.computeIfAbsent(name, Side::new);
        }

        void end() {
            sides.values().forEach(side -> side.does("breaks off"));
            now = now.plus(Duration.ofMinutes(1));
            rooms.tick();
            assertThat(rooms.statistics().peers()).as("peers in the end").isZero();
            assertThat(rooms.statistics().rooms()).as("rooms in the end").isZero();
            assertThat(rooms.statistics().keptBytes()).as("kept in the end").isZero();
        }

        private String name(String id) {
            return names.getOrDefault(id, id);
        }

        /** One client. */
        private final class Side {
            private final String name;
            private @Nullable Conversation conversation;
            private String session = "none";
            private String id = "nobody";
            private long seen;
            private boolean deaf;
            private Runnable whenWelcomed = () -> {};

            Side(String name) {
                this.name = name;
            }

            void does(String what) {
                Matcher to =
                        Pattern.compile("(\\w+)(?: (\\d))?(?: to)? ?(\\w*)").matcher(what);
                assertThat(to.matches() || what.contains(" off") || what.contains("loses"))
                        .isTrue();
                if (what.equals("breaks off")) {
                    if (conversation != null) {
                        conversation.closed();
                        conversation = null;
                        deaf = false;
                    }
                } else if (what.startsWith("loses")) {
                    deaf = true;
                } else {
                    if (conversation == null || what.equals("resume")) {
                        conversation = conversation(new Ear());
                    }
                    String peer = to.group(3).isEmpty()
                            ? ""
                            : sides.containsKey(to.group(3)) ? sides.get(to.group(3)).id : to.group(3);
                    conversation.receive(message(to.group(1), peer, to.group(2) == null ? "0" : to.group(2)));
                }
            }

            private Conversation conversation(Link link) {
                return new Conversation(rooms, new Ticker(rooms), FakeExchange.of(), link);
            }

            private String message(String type, String peer, String generation) {
                String sdp = SDP.replace("\r", "\\r").replace("\n", "\\n");
                return switch (type) {
                    case "join" -> json("join", "\"room\":\"team\",\"name\":\"" + name + "\"");
                    case "guest" -> json("join", "\"room\":\"team\",\"name\":\"" + name + "\",\"token\":\"guest\"");
                    case "knock" -> json("join", "\"room\":\"team\",\"name\":\"" + name + "\",\"token\":\"knock\"");
                    case "resume" -> json("resume", "\"session\":\"" + session + "\",\"seen\":" + seen);
                    case "offer", "answer" ->
                        json(type, "\"to\":\"" + peer + "\",\"sdp\":\"" + sdp + "\",\"generation\":" + generation);
                    case "candidate" ->
                        json(type, "\"to\":\"" + peer + "\",\"candidate\":\"\",\"generation\":" + generation);
                    case "restart" -> json(type, "\"to\":\"" + peer + "\"");
                    case "message" -> json(type, (peer.isEmpty() ? "" : "\"to\":\"" + peer + "\",") + "\"data\":1");
                    case "admit", "evict" -> json(type, "\"peer\":\"" + peer + "\"");
                    case "lock", "unlock" -> json("update-room", "\"locked\":" + type.equals("lock"));
                    case "close" -> json("close-room", "");
                    case "update" -> json("update", "\"metadata\":{}");
                    default -> json(type, "");
                };
            }

            private static String json(String type, String payload) {
                return "{\"type\":\"" + type + "\",\"payload\":{" + payload + "}}";
            }

            private final class Ear implements Link {
                @Override
                public void send(Outgoing message, long seq, @Nullable Object replyTo) {
                    ServerSignal signal = message.signal().orElseThrow();
                    if (deaf) {
                        return;
                    }
                    seen = seq == 0 ? seen : seq;
                    if (signal instanceof ServerSignal.Welcome welcome) {
                        id = welcome.peer();
                        session = welcome.session();
                        seen = welcome.seq();
                        names.put(id, name);
                    } else if (signal instanceof ServerSignal.Knock knock) {
                        names.put(knock.peer(), knock.name());
                        side(knock.name()).id = knock.peer();
                    } else if (signal instanceof ServerSignal.PeerJoined joined) {
                        names.put(joined.peer().id(), joined.peer().name());
                    }
                    told.add(name + ": " + words(signal));
                    if (signal instanceof ServerSignal.Welcome) {
                        whenWelcomed.run();
                    }
                }

                @Override
                public void reply(Object replyTo) {
                    told.add(name + ": reply");
                }

                @Override
                public void close(int code, String text) {
                    told.add(name + ": closed " + code);
                }
            }
        }

        private String words(ServerSignal signal) {
            Function<ServerSignal.PeerView, String> view = peer ->
                    name(peer.id()) + (peer.owner() ? " owner" : "") + (peer.polite() ? " polite" : " impolite");
            if (signal instanceof ServerSignal.Welcome welcome) {
                return "welcome " + (welcome.resumed() ? "back " : "")
                        + welcome.peers().stream().map(view).toList();
            } else if (signal instanceof ServerSignal.PeerJoined joined) {
                return "joined " + view.apply(joined.peer());
            } else if (signal instanceof ServerSignal.PeerUpdated updated) {
                return "updated " + view.apply(updated.peer());
            } else if (signal instanceof ServerSignal.PeerLeft left) {
                return "left " + name(left.peer()) + " " + SignalFormat.word(left.reason());
            } else if (signal instanceof ServerSignal.Left left) {
                return "out " + SignalFormat.word(left.reason());
            } else if (signal instanceof ServerSignal.Offer offer) {
                return "offer from " + name(offer.from());
            } else if (signal instanceof ServerSignal.Answer answer) {
                return "answer from " + name(answer.from());
            } else if (signal instanceof ServerSignal.Candidate candidate) {
                return "candidate from " + name(candidate.from());
            } else if (signal instanceof ServerSignal.Restart restart) {
                return "restart from " + name(restart.from());
            } else if (signal instanceof ServerSignal.Message message) {
                return "message from " + name(String.valueOf(message.from()));
            } else if (signal instanceof ServerSignal.RoomUpdated updated) {
                return updated.room().locked() ? "room locked" : "room open";
            } else if (signal instanceof ServerSignal.Knock knock) {
                return "knock " + knock.name();
            } else if (signal instanceof ServerSignal.KnockEnded ended) {
                return "knock ended " + name(ended.peer());
            } else if (signal instanceof ServerSignal.Waiting) {
                return "waiting";
            } else if (signal instanceof ServerSignal.Failure failure) {
                return "error " + failure.code();
            }
            return signal.toString();
        }
    }
}

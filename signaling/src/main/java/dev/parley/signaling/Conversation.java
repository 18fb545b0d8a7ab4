package dev.parley.signaling;

import dev.parley.http.Exchange;
import dev.parley.websocket.MessageException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * One connection's messages, from the first to the last. Whatever is wrong with one is answered, and closes nothing; who goes on being wrong
 * is sent away.
 *
 * <p>Messages come one at a time; rooms call on any thread.
 */
final class Conversation {
    private static final Logger LOG = LoggerFactory.getLogger(Conversation.class);
    /** Who is wrong so often before it has joined guesses. */
    private static final int MAX_ATTEMPTS = 5;

    private static final int POLICY_VIOLATION = 1008;

    /** Stands for what is no signal, and counts as any message. */
    private static final ClientSignal NONE = new ClientSignal.Leave();

    private final Rooms rooms;
    private final Ticker ticker;
    /** Until it has joined. */
    private volatile @Nullable Exchange exchange;

    private final Link link;
    private final AtomicInteger attempts = new AtomicInteger();
    private volatile boolean asks;
    private volatile @Nullable Runnable givesUp;
    private volatile @Nullable Peer peer;
    private volatile boolean ended;

    Conversation(Rooms rooms, Ticker ticker, Exchange exchange, Link link) {
        this.rooms = rooms;
        this.ticker = ticker;
        this.exchange = exchange;
        this.link = link;
    }

    /** Closes what has not joined by now. Who waits for somebody to be let in by may go on. */
    void expire() {
        if (peer == null && givesUp == null && !ended) {
            link.close(POLICY_VIOLATION, "not in a room in time");
        }
    }

    boolean hasJoined() {
        return peer != null;
    }

    /** Takes a message; throws nothing. */
    void receive(String text) {
        Object id = null;
        try {
            JsonNode message = SignalFormat.tree(text);
            id = SignalFormat.id(message);
            take(SignalFormat.read(message), text.length(), id);
        } catch (MessageException e) {
            wrong(e, id);
        }
    }

    /** What is no signal at all counts as one, too. */
    private void wrong(MessageException failure, @Nullable Object id) {
        Peer from = peer;
        if (from == null) {
            fail(id, failure);
        } else {
            from.room().execute(() -> {
                if (from.link() == link) {
                    MessageException told = isAllowed(from, NONE) ? failure : tooMany();
                    try {
                        from.inTurn(0, () -> fail(id, told));
                    } catch (MessageException tooMuchWaits) {
                        fail(id, told);
                    }
                }
            });
        }
    }

    private void take(ClientSignal signal, int length, @Nullable Object id) {
        Exchange by = exchange; // first, as it goes when there is a peer
        Peer from = peer;
        if (from != null) {
            from.room().execute(() -> take(from, signal, length, id));
        } else if (by == null) {
            return; // it has left
        } else if (signal instanceof ClientSignal.Leave && asks) {
            closed();
            link.close(1000, "");
        } else if (asks && signal instanceof ClientSignal.Ack) {
            if (id != null) {
                link.reply(id); // that is how one that waits knows that the server is there
            }
        } else if (asks) {
            throw new MessageException("not_joined", "wait for the answer");
        } else if (signal instanceof ClientSignal.Join join) {
            rooms.checkedMetadata(join.metadata());
            if (isForeign(join.room())) {
                throw new MessageException(MessageException.NOT_ALLOWED, "room: this one speaks another protocol");
            }
            asks = true;
            new Entering(join, id).ask(by, ticker);
        } else if (signal instanceof ClientSignal.Resume resume) {
            asks = true;
            Runnable refused = () -> refused(
                    id, new MessageException("unknown_session", "session: it is over, or never was; join anew"));
            if (isForeign(resume.session())) { // its client made it up: nobody may guess it here
                refused.run();
            } else {
                rooms.comeBack(resume.session(), new Rooms.Return(resume.seen(), link, id, this::joined, refused));
            }
        } else {
            throw new MessageException("not_joined", "type: not taken (expected: join or resume)");
        }
    }

    /** Whether a room, or a session in one, is of clients that speak another protocol. */
    private static boolean isForeign(String name) {
        return name.startsWith(PeerJs.ROOMS) || name.startsWith(YWebRtc.ROOMS);
    }

    /** On the lane of the room. */
    private void take(Peer from, ClientSignal signal, int length, @Nullable Object id) {
        if (from.link() != link) {
            return; // another connection has taken over, or it has left
        }
        if (signal instanceof ClientSignal.Ack ack) {
            from.acknowledge(ack.seq());
            return;
        }
        boolean allowed = isAllowed(from, signal);
        Runnable turn = () -> turn(from, allowed ? signal : null, length, id);
        if (signal instanceof ClientSignal.Leave) {
            from.lastTurn(turn);
            return;
        }
        try {
            from.inTurn(length, turn);
        } catch (MessageException e) {
            fail(id, e);
        }
    }

    /** All that was said before is done. */
    private void turn(Peer from, @Nullable ClientSignal signal, int length, @Nullable Object id) {
        try {
            if (signal == null) {
                throw tooMany();
            }
            if (length > rooms.maxMessageBytes() && !(signal instanceof ClientSignal.Relayed)) {
                throw new MessageException(
                        "too_large", "message (expected: at most " + rooms.maxMessageBytes() + " characters)");
            }
            from.ask(from.room().addressees(from, signal), hearers -> finish(from, signal, hearers, id));
        } catch (MessageException e) {
            fail(id, e);
        }
    }

    /** It is decided who may hear it. */
    private void finish(Peer from, ClientSignal signal, Hearers hearers, @Nullable Object id) {
        try {
            from.room().take(from, signal, hearers);
            if (id != null && from.link() == link) {
                link.reply(id);
            }
        } catch (MessageException e) {
            fail(id, e);
        } catch (RuntimeException e) {
            LOG.error("{}: a signal failed", from, e);
            fail(id, new MessageException(MessageException.FAILED, "something failed"));
        }
    }

    /** Counts a signal; one who goes on and on over the limit is sent away. */
    private boolean isAllowed(Peer from, ClientSignal signal) {
        boolean allowed = from.allowance().takes(signal, rooms.now().toEpochMilli());
        if (!allowed && from.allowance().isAbused()) {
            from.room().remove(from, LeaveReason.EVICTED, "too many signals");
        }
        return allowed;
    }

    private static MessageException tooMany() {
        return new MessageException(MessageException.TOO_MANY, "signals of this kind (expected: fewer a minute)");
    }

    // ---- joining

    private void refused(@Nullable Object id, MessageException why) {
        asks = false;
        fail(id, why);
    }

    private void joined(Peer as) {
        givesUp = null;
        peer = as;
        exchange = null;
        if (ended) {
            as.room().execute(() -> as.room().lost(as, link));
        }
    }

    private void fail(@Nullable Object id, MessageException failure) {
        rooms.refused();
        link.send(new Outgoing(new ServerSignal.Failure(failure.code(), String.valueOf(failure.getMessage()))), 0, id);
        if (peer == null && (attempts.incrementAndGet() >= MAX_ATTEMPTS || !link.isConversation())) {
            link.close(POLICY_VIOLATION, "too many attempts");
        }
    }

    // ---- its end

    /** The connection is gone. */
    void closed() {
        ended = true;
        Peer as = peer;
        Runnable waiting = givesUp;
        if (as != null) {
            as.room().execute(() -> as.room().lost(as, link));
        } else if (waiting != null) {
            waiting.run();
        }
    }

    private final class Entering extends Entrance {
        private final @Nullable Object id;

        Entering(ClientSignal.Join join, @Nullable Object id) {
            super(rooms, join, link);
            this.id = id;
        }

        @Override
        @Nullable
        Object id() {
            return id;
        }

        @Override
        boolean isGone() {
            return ended;
        }

        @Override
        void entered(Peer as) {
            joined(as);
        }

        @Override
        void waits(Runnable whenGone) {
            givesUp = whenGone;
            link.send(new Outgoing(new ServerSignal.Waiting()), 0, id);
            if (ended) {
                whenGone.run();
            }
        }

        @Override
        void refused(MessageException why) {
            Conversation.this.refused(id, why);
        }

        @Override
        void sendAway(LeaveReason reason, String text) {
            givesUp = null;
            link.send(new Outgoing(new ServerSignal.Left(reason, text)), 0, null);
            link.close(Link.GONE, text);
        }
    }
}

package dev.parley.benchmarks;

import org.jspecify.annotations.Nullable;

/**
 * A peer in a signaling room, as far as a load generator needs one: it joins as soon as it is connected, says what has arrived as the protocol wants it,
 * and reads of what it is told only what is measured. Confined to its event loop.
 */
final class LoadPeer implements LoadSocket.Listener {
    private static final int ACK_EVERY = 16;

    private final SignalingLoad load;
    private final String join;
    private @Nullable LoadSocket socket;
    private @Nullable String id;
    /** Another one of the room, the last that was heard of. */
    private @Nullable String other;

    private long askedAt;
    private long seq;
    private long acknowledged;
    private int others;

    LoadPeer(SignalingLoad load, String room, String name) {
        this.load = load;
        join = "{\"type\":\"join\",\"payload\":{\"room\":\"" + room + "\",\"name\":\"" + name + "\"}}";
    }

    @Nullable
    String other() {
        return other;
    }

    /** How many others it knows of. */
    int others() {
        return others;
    }

    void send(String text) {
        if (socket != null) {
            socket.send(text);
        }
    }

    /** Says what has arrived, if anything has. */
    void acknowledge() {
        if (seq > acknowledged) {
            acknowledged = seq;
            send("{\"type\":\"ack\",\"payload\":{\"seq\":" + seq + "}}");
        }
    }

    @Override
    public void opened(LoadSocket opened) {
        socket = opened;
        askedAt = System.nanoTime();
        opened.send(join);
    }

    @Override
    public void received(LoadSocket from, String text, int bytes) {
        long now = System.nanoTime();
        load.received(bytes);
        if (text.startsWith("{\"type\":\"welcome\"")) {
            id = member(text, "\"peer\":\"");
            for (int at = text.indexOf("{\"id\":\""); at >= 0; at = text.indexOf("{\"id\":\"", at + 1)) {
                other = member(text.substring(at), "\"id\":\"");
                others++;
            }
            load.welcomed(this, now - askedAt);
            return;
        }
        takeNumber(text);
        if (text.startsWith("{\"type\":\"offer\"")) {
            load.offered(now, text);
        } else if (text.startsWith("{\"type\":\"peer-joined\"")) {
            other = member(text, "\"id\":\"");
            others++;
            load.settled(this);
        } else {
            load.unexpected(text);
        }
    }

    /** Notes the number of a message: one that is missing or late is a mistake of the server's. */
    private void takeNumber(String text) {
        int at = text.lastIndexOf(",\"seq\":");
        long number = at < 0 ? -1 : Long.parseLong(text.substring(at + 7, text.length() - 1));
        if (number != seq + 1) {
            load.unexpected("after " + seq + ": " + text);
        }
        seq = number;
        if (seq - acknowledged >= ACK_EVERY) {
            acknowledge();
        }
    }

    @Override
    public void closed(LoadSocket closed) {
        load.unexpected(id == null ? "the end of a connection before welcome" : "the end of a connection");
    }

    private static String member(String text, String name) {
        int from = text.indexOf(name) + name.length();
        return text.substring(from, text.indexOf('"', from));
    }
}

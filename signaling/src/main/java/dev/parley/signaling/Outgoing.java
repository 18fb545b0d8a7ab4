package dev.parley.signaling;

import org.jspecify.annotations.Nullable;

/** A message on its way out: made JSON once, whoever gets it. Confined to the lane of a room, or to whoever made it. */
final class Outgoing {
    private final ServerSignal signal;
    private @Nullable String json;

    Outgoing(ServerSignal signal) {
        this.signal = signal;
    }

    ServerSignal signal() {
        return signal;
    }

    /** How much memory it takes. */
    int size() {
        return json().length();
    }

    /** As text, with what is its receiver's own. */
    String text(long seq, @Nullable Object id) {
        return SignalFormat.with(json(), seq, id);
    }

    private String json() {
        String made = json;
        if (made == null) {
            made = SignalFormat.write(signal);
            json = made;
        }
        return made;
    }
}

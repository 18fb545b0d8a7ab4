package dev.parley.signaling;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.NullNode;

/** A message on its way out: made JSON once, whoever gets it. Confined to the lane of a room, or to whoever made it. */
final class Outgoing {
    private @Nullable ServerSignal signal;
    private @Nullable String json;

    Outgoing(ServerSignal signal) {
        this.signal = signal;
    }

    /** A message in the words of another dialect. */
    Outgoing(String json) {
        signal = null;
        this.json = json;
    }

    /** What it says; empty if it is in the words of another dialect already. */
    Optional<ServerSignal> signal() {
        return Optional.ofNullable(signal);
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
            made = SignalFormat.write(Objects.requireNonNull(signal));
            json = made;
            if (signal instanceof ServerSignal.Message message) {
                signal = new ServerSignal.Message(
                        message.from(), NullNode.instance); // a tree takes much more than its text
            }
        }
        return made;
    }
}

package dev.parley.websocket.codec;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a server is ready to agree on of permessage-deflate
 * (<a href="https://www.rfc-editor.org/rfc/rfc7692#section-7.1">RFC 7692 section 7.1</a>).
 *
 * <p><b>Threading.</b> Immutable, but for what is used of its budget.
 */
public final class DeflateSettings {
    private static final DeflateSettings WITHOUT_TAKEOVER = new DeflateSettings(null);

    private final @Nullable MemoryBudget budget;

    private DeflateSettings(@Nullable MemoryBudget budget) {
        this.budget = budget;
    }

    /**
     * Each message is compressed by itself, on both sides, so that a connection keeps nothing for it. This is how it should
     * be with many connections, and the only way in which a message to many of them is compressed once.
     *
     * @return the settings
     */
    public static DeflateSettings withoutTakeover() {
        return WITHOUT_TAKEOVER;
    }

    /**
     * Messages may refer to those before them, which makes small messages that are alike much smaller. A connection then takes
     * some 300 KiB outside of the heap, from when it is agreed on until its {@link DeflateAgreement} is closed.
     *
     * @param budget what all such connections may take together; while there is none left, connections get no context takeover
     * @return the settings
     */
    public static DeflateSettings withTakeover(MemoryBudget budget) {
        return new DeflateSettings(Objects.requireNonNull(budget, "budget"));
    }

    /** What takeover may take; {@code null} if there is to be none. */
    @Nullable
    MemoryBudget budget() {
        return budget;
    }
}

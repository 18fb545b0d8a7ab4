package dev.parley.websocket.codec;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What client and server agreed on of permessage-deflate
 * (<a href="https://www.rfc-editor.org/rfc/rfc7692#section-7.1">RFC 7692 section 7.1</a>).
 *
 * <p><b>Wire.</b> {@code permessage-deflate; server_no_context_takeover; client_no_context_takeover}, with {@code
 * server_max_window_bits} where the client restricts the server, and without the one or the other where there is context
 * takeover. {@code client_max_window_bits} is never answered: any window of a client can be inflated.
 *
 * <p><b>Memory.</b> Context takeover is counted against a {@link MemoryBudget} until {@link #close()}. An agreement without
 * it is a constant.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class DeflateAgreement implements AutoCloseable {
    private static final int LEAST_WINDOW_BITS = 8;
    private static final int MOST_WINDOW_BITS = 15;
    /** By the bits that the client asked for: those that keep nothing need not be made for each connection. */
    private static final List<DeflateAgreement> WITHOUT_TAKEOVER = IntStream.rangeClosed(0, MOST_WINDOW_BITS)
            .mapToObj(bits -> new DeflateAgreement(new DeflateOffer(true, true, bits), null))
            .toList();

    private final DeflateOffer agreed;
    private final @Nullable MemoryBudget budget;
    private final AtomicInteger heldBytes;

    private DeflateAgreement(DeflateOffer agreed, @Nullable MemoryBudget budget) {
        this.agreed = agreed;
        this.budget = budget;
        heldBytes = new AtomicInteger((serverTakesOver() ? MessageDeflater.OWN_BYTES : 0)
                + (clientTakesOver() ? MessageInflater.OWN_BYTES : 0));
    }

    /**
     * Negotiates: takes the first offer of the client's that is valid, and passes over the others.
     *
     * <p>Context takeover is what the settings and their budget allow, and neither side spoke against.
     *
     * @param lines all lines of the request's {@code Sec-WebSocket-Extensions}, in their order
     * @param settings what the server is ready for
     * @return what is agreed on; empty if there is no valid offer, or a line is malformed: then nothing is compressed
     */
    public static Optional<DeflateAgreement> negotiate(List<String> lines, DeflateSettings settings) {
        DeflateOffer offer = DeflateOffer.firstOf(lines);
        return offer == null ? Optional.empty() : Optional.of(of(offer, settings.budget()));
    }

    private static DeflateAgreement of(DeflateOffer offer, @Nullable MemoryBudget budget) {
        boolean server = budget != null && !offer.serverNoContextTakeover() && budget.take(MessageDeflater.OWN_BYTES);
        boolean client = budget != null && !offer.clientNoContextTakeover() && budget.take(MessageInflater.OWN_BYTES);
        int bits = offer.serverMaxWindowBits();
        return server || client
                ? new DeflateAgreement(new DeflateOffer(!server, !client, bits), budget)
                : WITHOUT_TAKEOVER.get(bits);
    }

    /**
     * Whether the server's messages may refer to its messages before.
     *
     * @return if so, the server has a {@link MessageDeflater#own(int)} for the connection
     */
    public boolean serverTakesOver() {
        return !agreed.serverNoContextTakeover();
    }

    /**
     * Whether the client's messages may refer to its messages before.
     *
     * @return if so, the server must have a {@link MessageInflater#own()} for the connection
     */
    public boolean clientTakesOver() {
        return !agreed.clientNoContextTakeover();
    }

    /**
     * How far back the server's messages may refer: 2 to the power of this, in bytes.
     *
     * @return 8 to 15
     */
    public int serverMaxWindowBits() {
        int bits = agreed.serverMaxWindowBits();
        return bits == 0 ? MOST_WINDOW_BITS : bits;
    }

    /**
     * Whether the client can inflate a message that was compressed for many, by {@link MessageDeflater#shared(int)} with the
     * largest window. Else it is to be sent as it is, which is always allowed.
     *
     * @param bytes the length of the message before it was compressed
     * @return whether no reference in it can be too far for the client
     */
    public boolean takesShared(int bytes) {
        return bytes <= 1 << serverMaxWindowBits() || serverMaxWindowBits() == MOST_WINDOW_BITS;
    }

    /**
     * The response's {@code Sec-WebSocket-Extensions}.
     *
     * @return the value of the field
     */
    public String headerValue() {
        return DeflateOffer.NAME
                + (serverTakesOver() ? "" : "; " + DeflateOffer.SERVER_NO_CONTEXT_TAKEOVER)
                + (clientTakesOver() ? "" : "; " + DeflateOffer.CLIENT_NO_CONTEXT_TAKEOVER)
                + (agreed.serverMaxWindowBits() < LEAST_WINDOW_BITS
                        ? ""
                        : "; " + DeflateOffer.SERVER_MAX_WINDOW_BITS + '=' + agreed.serverMaxWindowBits());
    }

    /** Gives the memory of context takeover back to its budget. To be called once the connection has ended; again, it does nothing. */
    @Override
    public void close() {
        if (budget != null) {
            budget.giveBack(heldBytes.getAndSet(0));
        }
    }

    @Override
    public String toString() {
        return headerValue();
    }
}

package dev.parley.signaling;

import dev.parley.http.Exchange;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A wish to join a room: what a {@link RoomPolicy} decides on. All but {@link #exchange} and {@link #createsRoom} is what the client
 * says.
 *
 * <p><b>Threading.</b> Immutable, but for the exchange.
 */
public final class JoinRequest {
    private final Exchange exchange;
    private final ClientSignal.Join join;
    private final boolean createsRoom;

    JoinRequest(Exchange exchange, ClientSignal.Join join, boolean createsRoom) {
        this.exchange = exchange;
        this.join = join;
        this.createsRoom = createsRoom;
    }

    /**
     * The exchange by which the client came: who asks.
     *
     * @return the exchange, which has been answered
     */
    public Exchange exchange() {
        return exchange;
    }

    /**
     * The room's name.
     *
     * @return 1 to 128 characters, none of them a control character
     */
    public String room() {
        return join.room();
    }

    /**
     * The name that the client wants to be seen by.
     *
     * @return up to 64 characters; may be empty
     */
    public String name() {
        return join.name();
    }

    /**
     * What the client says of itself, for the others to see.
     *
     * @return a JSON object
     */
    public JsonNode metadata() {
        return join.metadata();
    }

    /**
     * What the client shows so that it is let in.
     *
     * @return such as what {@link JoinTokens#issue} gave
     */
    public Optional<String> token() {
        return Optional.ofNullable(join.token());
    }

    /**
     * Whether there is no such room yet. Two peers that come at once may both be told so.
     *
     * @return whether it would be created
     */
    public boolean createsRoom() {
        return createsRoom;
    }
}

package dev.parley.signaling;

import java.time.Duration;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * How a room is. {@link SignalingEndpoint.Builder#room} sets it for all, {@link Admission#room} for one.
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class RoomSettings {
    private static final int MAX_PEERS = 10_000;
    private static final RoomSettings STANDARD = builder().build();

    private final int maxPeers;
    private final boolean relayOnly;
    private final boolean dropPrivateAddresses;
    private final boolean knock;
    private final Duration idle;
    private final JsonNode metadata;

    private RoomSettings(Builder builder) {
        maxPeers = builder.maxPeers;
        relayOnly = builder.relayOnly;
        dropPrivateAddresses = builder.dropPrivateAddresses;
        knock = builder.knock;
        idle = builder.idle;
        metadata = builder.metadata;
    }

    /**
     * Begins with what holds unless something else is set.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    static RoomSettings standard() {
        return STANDARD;
    }

    /** The same, for as many peers as may be. */
    RoomSettings large() {
        Builder large = new Builder();
        large.maxPeers = MAX_PEERS;
        large.relayOnly = relayOnly;
        large.dropPrivateAddresses = dropPrivateAddresses;
        large.knock = knock;
        large.idle = idle;
        large.metadata = metadata;
        return large.build();
    }

    int maxPeers() {
        return maxPeers;
    }

    boolean relayOnly() {
        return relayOnly;
    }

    boolean dropPrivateAddresses() {
        return dropPrivateAddresses;
    }

    boolean knock() {
        return knock;
    }

    Duration idle() {
        return idle;
    }

    JsonNode metadata() {
        return metadata;
    }

    /** Builds settings. Not thread-safe. */
    public static final class Builder {
        private int maxPeers = 16;
        private boolean relayOnly;
        private boolean dropPrivateAddresses;
        private boolean knock;
        private Duration idle = Duration.ofHours(12);
        private JsonNode metadata = JsonNodeFactory.instance.objectNode();

        private Builder() {}

        /**
         * Sets how many peers may be in the room, those that may come back included: 16 unless set. One more is told {@code room_full}. Each
         * talks to each other one, so that in a mesh of video some 6 are the most that works.
         *
         * @param peers 1 to 10,000
         * @return this builder
         */
        public Builder maxPeers(int peers) {
            maxPeers = Setting.between("maxPeers", peers, 1, MAX_PEERS);
            return this;
        }

        /**
         * Passes on candidates of TURN servers only: host and server-reflexive ones are dropped, alone and in descriptions. Peers are told to
         * connect with {@code iceTransportPolicy: "relay"}, which alone keeps their addresses from each other.
         *
         * @return this builder
         */
        public Builder relayOnly() {
            relayOnly = true;
            return this;
        }

        /**
         * Drops candidates with private, link-local and loopback addresses, and with names other than those of mDNS, alone and in
         * descriptions; those of TURN servers as well. Peers on one network then need a public TURN server, or names of mDNS, to connect.
         *
         * @return this builder
         */
        public Builder dropPrivateAddresses() {
            dropPrivateAddresses = true;
            return this;
        }

        /**
         * Lets everybody but the first wait until an owner lets them in.
         *
         * @return this builder
         */
        public Builder knock() {
            knock = true;
            return this;
        }

        /**
         * Sets when a room is closed in which nobody joins, comes back or sends a signal: 12 hours unless set. Rooms of other protocols are not.
         *
         * @param idle more than 0
         * @return this builder
         */
        public Builder idle(Duration idle) {
            this.idle = Setting.positive("idle", idle);
            return this;
        }

        /**
         * Sets what all may know of the room: nothing unless set.
         *
         * @param metadata a JSON object
         * @return this builder
         * @throws IllegalArgumentException if it is none
         */
        public Builder metadata(JsonNode metadata) {
            if (!metadata.isObject()) {
                throw new IllegalArgumentException(
                        "metadata: " + metadata.getNodeType() + " (expected: a JSON object)");
            }
            this.metadata = Objects.requireNonNull(metadata, "metadata");
            return this;
        }

        /**
         * Makes the settings.
         *
         * @return the settings
         */
        public RoomSettings build() {
            return new RoomSettings(this);
        }
    }
}

package dev.parley.signaling;

/** Serves rooms. */
public final class SignalingEndpoint {
    private SignalingEndpoint() {}

    /** Builds an endpoint. */
    public static final class Builder {
        private Builder() {}

        /**
         * Sets how rooms are.
         *
         * @param settings the settings
         * @return this builder
         */
        public Builder room(RoomSettings settings) {
            return this;
        }
    }
}

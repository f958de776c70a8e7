import Testing

/// What uses the hub: one serves the process, so what one test does to it would reach the others.
@Suite(.serialized) struct HubTests {}

/// Where a capture stands: always in exactly one of these.
public enum CaptureState: String, Sendable, Codable, CaseIterable {
    case pending, done, failed, ignored
}

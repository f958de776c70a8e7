/// A light's file is one JSON object; ``FlatField`` checks what it says.
extension FlatField: Codable {
    private static let format = "nctd flat field"
    private static let version = 1

    private enum CodingKeys: String, CodingKey {
        case format, version, width, height, captureWidth, captureHeight, captures, background, error, drift
        case red, green, blue
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let (format, version) = (
            try container.decode(String.self, forKey: .format), try container.decode(Int.self, forKey: .version)
        )
        guard format == Self.format else {
            throw EngineError(
                .invalidFlatField, "it says that it is \"\(format)\"",
                remedy: "name a file of `nctd profile flat-field`")
        }
        guard version == Self.version else {
            throw EngineError(
                .invalidFlatField, "it is of version \(version), and this program reads version \(Self.version)",
                remedy: "make it anew with `nctd profile flat-field`")
        }
        let channels = try [CodingKeys.red, .green, .blue].map { try container.decode([Float].self, forKey: $0) }
        guard channels.allSatisfy({ $0.count == channels[0].count }) else {
            throw EngineError(
                .invalidFlatField, "its channels have different numbers of values",
                remedy: "make it anew with `nctd profile flat-field`")
        }
        try self.init(
            width: container.decode(Int.self, forKey: .width), height: container.decode(Int.self, forKey: .height),
            values: channels[0].indices.flatMap { [channels[0][$0], channels[1][$0], channels[2][$0]] },
            captureWidth: container.decode(Int.self, forKey: .captureWidth),
            captureHeight: container.decode(Int.self, forKey: .captureHeight),
            captures: container.decode(Int.self, forKey: .captures),
            background: container.decode(Float.self, forKey: .background),
            error: container.decode([Float].self, forKey: .error),
            drift: container.decode([Float].self, forKey: .drift))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.format, forKey: .format)
        try container.encode(Self.version, forKey: .version)
        try container.encode(width, forKey: .width)
        try container.encode(height, forKey: .height)
        try container.encode(captureWidth, forKey: .captureWidth)
        try container.encode(captureHeight, forKey: .captureHeight)
        try container.encode(captures, forKey: .captures)
        try container.encode(background, forKey: .background)
        try container.encode(error, forKey: .error)
        try container.encode(drift, forKey: .drift)
        for (channel, key) in [CodingKeys.red, .green, .blue].enumerated() {
            try container.encode((0..<width * height).map { values[3 * $0 + channel] }, forKey: key)
        }
    }
}

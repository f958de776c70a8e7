/// The engine's version, part of every result's identity: it changes whenever the bytes of a result may.
public enum EngineVersion {
    public static let current = "0.9.5"
}

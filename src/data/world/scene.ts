/** A scene of Emoji World, as data: everything that a picture shows, exactly. */
export interface Scene {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Name in the background palette. */
  readonly background: string;
  readonly objects: readonly SceneObject[];
}

export interface SceneObject {
  /** Concept name, as in the concept table ("red apple" is `apple` there). */
  readonly concept: string;
  /** Drawing style ("noto", "twemoji", "fluent-flat", "noto-v1"; held out: "fxemoji", "streamline"). */
  readonly style: string;
  /** Colour that the sprite was recoloured to, or null for its natural colours. */
  readonly colour: string | null;
  /** Centre, as a fraction of the width and of the height. */
  readonly x: number;
  readonly y: number;
  /** Side of the sprite's square as a fraction of the shorter side of the scene. */
  readonly size: number;
  /** Clockwise, in degrees. */
  readonly rotation?: number;
}

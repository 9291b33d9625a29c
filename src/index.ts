export { InputError, MogaoError } from "./core/errors.ts";

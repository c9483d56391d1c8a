import './twinkey.cjs';
